"""GitHub, through PyGithub: where it is, who asks, and what is read and written there."""

from release_tools.lazy import import_lazily

# PyGithub's 175 modules take 0.4 s, half of it for what a release never touches, such as the login of a GitHub App.
import_lazily("github", "jwt", "nacl")
