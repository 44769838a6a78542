"""How much of the stage is done, training and evaluation in one measure, so that neither looks like standing still."""

# A training example costs a forward pass and a backward pass of twice the work; an evaluated one the forward pass.
TRAINING_COST = 3


class WorkMeter:
    """Counts forward passes of one example. `fraction` never falls, not even when an evaluation is left out after a resume."""

    def __init__(self, *, training_rows: int, evaluated_rows: int) -> None:
        self._total = TRAINING_COST * training_rows + evaluated_rows
        self._trained = 0
        self._evaluated = 0
        self._evaluating = 0
        self._fraction = 0.0

    def trained(self, rows: int) -> None:
        """`rows` examples have been trained on since the start of the run, resumed part included."""
        self._trained = rows

    def evaluating(self, rows: int) -> None:
        """`rows` of the split in evaluation are done."""
        self._evaluating = rows

    def evaluated(self) -> None:
        self._evaluated += self._evaluating
        self._evaluating = 0

    @property
    def fraction(self) -> float:
        done = TRAINING_COST * self._trained + self._evaluated + self._evaluating
        self._fraction = max(self._fraction, min(1.0, done / self._total))
        return self._fraction
