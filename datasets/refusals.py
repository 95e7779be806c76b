"""The expected refusals of this room: what is wrong with which thing, and what to do next.

`IntakeError` of the lake says why a file cannot be read; these say why a person's wish cannot be fulfilled. Both have a
`code`, a `message` and a `next_step`; doors turn them into problem details or into a notice on the page.
"""

from doors.refusals import Refusal


class TooLarge(Refusal):
    status, code = 413, "file_too_large"


class NoRoom(Refusal):
    status, code = 507, "disk_full"


class LengthUnknown(Refusal):
    status, code = 411, "length_required"


class Truncated(Refusal):
    status, code = 400, "truncated_upload"


class KeyReused(Refusal):
    status, code = 422, "idempotency_key_reused"


class NotConfirmed(Refusal):
    """The upload has no dataset or contract yet."""

    status, code = 409, "not_confirmed"


class WrongState(Refusal):
    """The thing is not in the state that the step needs."""

    status, code = 409, "wrong_state"


class ForeignUnits(Refusal):
    """Rows of units at which the person may not upload (B22)."""

    status, code = 403, "foreign_units"


class OriginalMissing(Refusal):
    """The kept original is gone or is not what was received (F23): nothing can be loaded from it again."""

    status, code = 409, "original_missing"


class ComputedDataset(Refusal):
    """The dataset is computed by perfmgr: nothing is uploaded to it."""

    status, code = 409, "computed_dataset"


class LakeDisagrees(Refusal):
    """The lake holds loads that the database does not know (F22): nothing is loaded on top of them."""

    status, code = 409, "lake_disagrees"


class DamagedData(Refusal):
    """A stored file is missing or is not what was committed (F20); `file`, `uploads` and `units` say what is hurt."""

    status, code = 409, "damaged_file"


class SecondPersonNeeded(Refusal):
    """Who proposed it cannot approve it."""

    status, code = 409, "second_person_needed"


class PeriodClosed(Refusal):
    """Rows of closed periods would change (B23); `details` names the first of them, `closed_through` the day."""

    status, code = 409, "period_closed"


class RemovalUnconfirmed(Refusal):
    """A complete extract would remove more records than it may; `confirm_removal` with the number `removed` does it.

    `stored` is how many there are of its days, `first` to `last`; `details` names the first that would leave.
    """

    status, code = 409, "removal_unconfirmed"


class OutsideStretch(Refusal):
    """Rows of a complete extract lie outside the days of which it was stated to hold all records.

    `outside` of them, `details` names the first; its events go from `first_event` to `last_event`.
    """

    status, code = 409, "outside_stretch"


class ColumnsRead(Refusal):
    """A contract would drop `columns` by which others are computed; naming them in `drop_read` does it all the same."""

    status, code = 409, "columns_read"


class InvalidRequest(Refusal):
    """A field of the request is wrong; `field` names it."""

    status, code = 400, "invalid"


class NoSuchRow(Refusal):
    """The upload has no rejected row of this number."""

    status, code = 404, "no_such_row"


class CodeTaken(InvalidRequest):
    """Another dataset has the code."""
