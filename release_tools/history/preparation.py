"""The commits that prepare a release, which are no news for those who read its notes."""

from packaging.version import InvalidVersion, Version


def write_preparation_message(version: Version) -> str:
    """Return the message of the commit that brings a project's files to a version."""
    return f"{'Begin' if version.is_devrelease else 'Prepare'} {version}"


def is_preparation(message: str) -> bool:
    """Return whether a message is that of such a commit."""
    try:
        return message == write_preparation_message(Version(message.partition(" ")[2]))
    except InvalidVersion:
        return False
