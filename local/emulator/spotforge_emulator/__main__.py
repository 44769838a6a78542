"""`python -m spotforge_emulator --port N --state DIR [--batch-endpoint URL] [--no-auth]`."""

import os
import sys

from spotforge_emulator.child_processes import track_children
from spotforge_emulator.server import bind, serve
from spotforge_emulator.settings import prepare_environment, read_settings
from spotforge_emulator.startup_error import StartupError
from spotforge_emulator.state_directory import prepare_state_directory


def main(arguments: list[str]) -> int:
    """Starts, serves, stops. Exit codes: 0 stopped as asked, 2 cannot start or could not save."""
    settings = read_settings(arguments, dict(os.environ))
    try:
        listener = bind(settings.port)
        prepare_state_directory(settings.state)
    except StartupError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    prepare_environment(settings)
    track_children()

    from ministack.app import app

    from spotforge_emulator.faults.control import with_control_routes
    from spotforge_emulator.faults.faults import Faults
    from spotforge_emulator.patches import apply_patches, schedule_rules

    faults = Faults()
    apply_patches(settings, faults)
    return serve(with_control_routes(app, faults, schedule_rules.fire), listener, settings)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Worker threads of unfinished executions must not hold up the exit.
    os._exit(code)
