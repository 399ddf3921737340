from tests.publishing.conftest import there

__all__ = ["there"]
