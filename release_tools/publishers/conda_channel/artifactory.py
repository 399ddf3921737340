"""Publish to a conda repository on JFrog Artifactory.

https://jfrog.com/help/r/jfrog-artifactory-documentation/conda-repositories
"""

from typing import Any

from release_tools.publishers.conda_channel.channel_server import RattlerServer


class ArtifactoryServer(RattlerServer):
    """A channel on Artifactory: ``artifactory+https://HOST/artifactory/CHANNEL``."""

    kind = "artifactory"
    address_prefix = "artifactory+"
    token_variable = "ARTIFACTORY_TOKEN"  # noqa: S105 - the name of a variable
    upload_function = "upload_package_to_artifactory"

    def upload_arguments(self, token: str) -> dict[str, Any]:
        """Return the keyword arguments of the upload function, besides the package."""
        return {"url": self.channel.api, "channels": self.channel.owner, "token": token}
