"""A reason not to start that the user can do something about."""


class StartupError(Exception):
    """Its text is the one sentence that the user reads."""
