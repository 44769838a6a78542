"""How property tests run in the gate: the same cases at every run, and no case is judged by the clock."""

from hypothesis import HealthCheck, settings

settings.register_profile("gate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gate")
