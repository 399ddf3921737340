"""List the kinds of conda servers: another one is a file in this folder, and a line here."""

from collections.abc import Mapping
from typing import Final

from release_tools.publishers.conda_channel.anaconda import AnacondaServer
from release_tools.publishers.conda_channel.artifactory import ArtifactoryServer
from release_tools.publishers.conda_channel.channel_server import ChannelServer
from release_tools.publishers.conda_channel.cloudsmith import CloudsmithServer
from release_tools.publishers.conda_channel.folder import FolderServer
from release_tools.publishers.conda_channel.prefix_dev import PrefixServer
from release_tools.publishers.conda_channel.quetz import QuetzServer

SERVERS: Final[Mapping[str, type[ChannelServer]]] = {
    server.kind: server
    for server in (
        AnacondaServer,
        PrefixServer,
        QuetzServer,
        ArtifactoryServer,
        CloudsmithServer,
        FolderServer,
    )
}
"""By the word that names the kind in an address: ``quetz+https://…``."""
