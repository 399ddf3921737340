"""Publish to a channel on prefix.dev.

https://prefix.dev/docs
"""

from release_tools.publishers.conda_channel.channel_server import RattlerServer


class PrefixServer(RattlerServer):
    """A channel on prefix.dev: ``prefix+https://repo.prefix.dev/CHANNEL``."""

    kind = "prefix"
    address_prefix = "prefix+"
    token_variable = "PREFIX_API_KEY"  # noqa: S105 - the name of a variable
    upload_function = "upload_package_to_prefix"

    @classmethod
    def api_root(cls, root: str) -> str:
        """Return the server's root: users install from the host ``repo.…``."""
        return root.replace("://repo.", "://", 1)
