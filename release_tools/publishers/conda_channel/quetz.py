"""Publish to a channel on a Quetz server.

https://quetz.readthedocs.io
"""

from release_tools.publishers.conda_channel.channel_server import RattlerServer


class QuetzServer(RattlerServer):
    """A channel on Quetz: ``quetz+https://HOST/get/CHANNEL``."""

    kind = "quetz"
    address_prefix = "quetz+"
    token_variable = "QUETZ_API_KEY"  # noqa: S105 - the name of a variable
    upload_function = "upload_package_to_quetz"

    @classmethod
    def api_root(cls, root: str) -> str:
        """Return the server's root: users install from ``/get``."""
        return root.removesuffix("/get")
