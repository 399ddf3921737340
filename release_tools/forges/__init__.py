"""Talk to hosting services such as GitHub."""
