"""Publish to a repository on Cloudsmith.

https://help.cloudsmith.io/docs/conda-repository
"""

from typing import Any

from release_tools.publishers.conda_channel.channel_server import RattlerServer


class CloudsmithServer(RattlerServer):
    """A channel on Cloudsmith: ``cloudsmith+https://conda.cloudsmith.io/OWNER/REPOSITORY``."""

    kind = "cloudsmith"
    address_prefix = "cloudsmith+"
    token_variable = "CLOUDSMITH_API_KEY"  # noqa: S105 - the name of a variable
    upload_function = "upload_package_to_cloudsmith"

    @classmethod
    def api_root(cls, root: str) -> str:
        """Return the server's API: users install from the host ``conda.…``, and upload to ``api.…``."""
        return root.rpartition("/")[0].replace("://conda.cloudsmith.", "://api.cloudsmith.", 1) + "/v1"

    def upload_arguments(self, token: str) -> dict[str, Any]:
        """Return the keyword arguments of the upload function, besides the package."""
        owner, repository = self.channel.url.rsplit("/", 2)[1:]
        return {"owner": owner, "repo": repository, "api_key": token, "url": self.channel.api}
