"""The outside worlds, one a file: each turns calls of ours into git, build, an index, a channel or GitHub."""
