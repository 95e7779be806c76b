"""Clocks over REST: the last run, the board, one clock explained, the comparison, a replay, the warnings."""

from collections.abc import Iterable

from django.http import Http404
from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.api.jobs import AskedJobSerializer, job_asked
from datasets.scan import ScanFailed
from doors.nearest import did_you_mean
from doors.serializers import StrictModelSerializer
from doors.shapes import answer
from doors.viewsets import PLAIN_LIST, ScopedViewSet
from organization.access import DEFINE, VIEW
from slas.clocks import bench, board, compare, explain, listing
from slas.clocks.requests import request_run
from slas.clocks.rows import VERDICTS
from slas.models import Agreement, ClockWarning, ServiceTarget

from . import clock_answers

PERIODS = "They are listed by /api/v1/agreement-periods/?agreement="


class ClocksSerializer(StrictModelSerializer):
    """An agreement as what times cases: its derived dataset, and up to where that reaches."""

    dataset = serializers.SlugRelatedField("code", read_only=True)
    data_version = serializers.IntegerField(source="dataset.current_version", read_only=True, default=None)
    cases = serializers.IntegerField(source="dataset.rows", read_only=True, default=None)
    complete_through = serializers.DateField(source="dataset.complete_through", read_only=True, default=None)

    class Meta:
        model = Agreement
        fields = ("code", "name", "dataset", "data_version", "cases", "complete_through")


class WarningSerializer(StrictModelSerializer):
    class Meta:
        model = ClockWarning
        fields = ("target_code", "case", "threshold", "due_at", "reached_at", "holder")


def _parameter(name: str, words: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, required=required, description=words)


class ClocksViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """The clocks of the agreements that the caller may see; rows are those of their units."""

    queryset = Agreement.objects.select_related("dataset", "unit").order_by("code")
    serializer_class = ClocksSerializer
    lookup_field = "code"
    needs = {"read": VIEW, "write": DEFINE}
    query_parameters = {
        "board": frozenset({"as_of", "target", "priority", "band"}),
        "cases": frozenset({"period", "target", "verdict", "priority", "held_by", "offset"}),
        "explain": frozenset({"case", "target", "cycle"}),
        "compare": frozenset({"column", "metric", "reason"}),
        "replay": frozenset({"version"}),
    }
    refusals = (ScanFailed,)

    @extend_schema(
        parameters=[
            _parameter("as_of", "The board as it was at the end of that day (YYYY-MM-DD)."),
            _parameter("target", "Code of a target."),
            _parameter("priority", "One priority."),
            _parameter("band", "0 missed, 1 from 90 % used, 2 from 75 %, 3 below."),
        ],
        responses=answer(clock_answers.ClockBoard),
    )
    @action(methods=["get"], detail=True)
    def board(self, request, code):
        """Open cases, those that used most of their target first."""
        agreement = self.get_object()
        found = board.board(
            agreement,
            request.access,
            day=self._day() or request.day,
            target=self._target(agreement),
            priority=self._text("priority"),
            band=self._band(),
        )
        return Response(clock_answers.of_board(found))

    @extend_schema(
        parameters=[
            _parameter("period", "First day of the period in which they count (YYYY-MM-DD)."),
            _parameter("target", "Code of a target."),
            _parameter("verdict", "met, missed, in_flight or cancelled."),
            _parameter("priority", "One priority."),
            _parameter("held_by", "Who had them at the breach."),
            _parameter("offset", "How many of the first to leave out; 100 are given."),
        ],
        responses=answer(clock_answers.ClockCases),
    )
    @action(methods=["get"], detail=True)
    def cases(self, request, code):
        """The cases behind an attainment, the worst first, and who had those that were missed."""
        agreement, start, offset = self.get_object(), self._day("period"), self._text("offset") or "0"
        period = agreement.periods.filter(period_start=start).first() if start else None
        if start and period is None:
            raise serializers.ValidationError({"period": f"No period of it starts on {start}. {PERIODS}{code}."})
        if not (offset.isascii() and offset.isdecimal() and len(offset) < 10):
            raise serializers.ValidationError({"offset": "Write a whole number."})
        days = {"start": period.period_start, "end": period.period_end} if period else {}
        texts = {name: self._text(name) for name in ("priority", "held_by")}
        texts |= {"target": self._target(agreement), "verdict": self._one_of("verdict", VERDICTS)}
        wanted = listing.Wanted(**days, **texts)
        found = listing.cases(agreement, request.access, wanted, lambda total: int(offset))
        return Response(clock_answers.of_cases(found))

    @extend_schema(
        parameters=[
            _parameter("case", "Id of the case.", required=True),
            _parameter("target", "Code of a target; else all of the case."),
            _parameter("cycle", "1, or which of the clocks that the case started."),
        ],
        responses=answer(clock_answers.ExplainedClocks),
    )
    @action(methods=["get"], detail=True)
    def explain(self, request, code):
        """Every interval of a case's clocks, how each came to be due then, and who had the case."""
        agreement, case = self.get_object(), self._text("case")
        if not case:
            raise serializers.ValidationError({"case": "Say which case."})
        target, cycle = self._target(agreement), self._text("cycle")
        try:
            rows = explain.rows_of_case(agreement, case, request.access)
            chosen = [row for row in rows if target in ("", row["target"]) and cycle in ("", str(row["cycle"]))]
            if not chosen:
                raise Http404
            return Response({"clocks": [clock_answers.explained(explain.explain(agreement, row)) for row in chosen]})
        except explain.NoSuchClock:
            raise Http404 from None

    @extend_schema(
        parameters=[
            _parameter("column", "A yes/no column of the log: the source's own verdict.", required=True),
            _parameter("metric", "response, resolution ...", required=True),
            _parameter("reason", "List the cases of this reason only."),
        ],
        responses=answer(clock_answers.ClockComparison),
    )
    @action(methods=["get"], detail=True)
    def compare(self, request, code):
        """Where the clock's verdict and the source's differ, and why."""
        agreement = self.get_object()
        known = compare.verdict_columns(agreement)
        if self._text("column") not in known:
            choose = f"Choose one of {', '.join(known)}." if known else "The log has no yes/no column to compare with."
            raise serializers.ValidationError({"column": choose})
        found = compare.compare(
            agreement,
            request.access,
            column=self._text("column"),
            metric=self._one_of("metric", ServiceTarget.Metric.values),
            reason=self._one_of("reason", compare.REASONS),
        )
        if found is None:
            raise Http404
        return Response(clock_answers.of_comparison(found))

    @extend_schema(
        parameters=[_parameter("version", "Number of the version; else the newest.")],
        responses=answer(clock_answers.ClockReplay),
    )
    @action(methods=["get"], detail=True)
    def replay(self, request, code):
        """What a version would have given over history: attainment, credits, cases that flip. For who may draft it."""
        agreement = self.get_object()
        self.require(DEFINE, agreement.unit_id)
        number = self._text("version")
        versions = agreement.versions.select_related("calendar", "agreement__dataset").order_by("-number")
        version = versions.filter(number=number).first() if number.isdecimal() else None if number else versions.first()
        if version is None:
            raise Http404
        trial = bench.try_on_history(version, request.access, day=request.day)
        return Response(clock_answers.of_trial(trial))

    @extend_schema(responses={200: WarningSerializer(many=True)})
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def warnings(self, request, code):
        """The newest warnings of cases that the caller may see."""
        return Response(WarningSerializer(board.warnings_of(self.get_object(), request.access, 200), many=True).data)

    @extend_schema(request=None, responses={202: AskedJobSerializer})
    @action(methods=["post"], detail=True)
    def run(self, request, code):
        """Run the clocks again; the job's address is in the answer. Without any change nothing is written."""
        agreement = self.get_object()
        self.require(DEFINE, agreement.unit_id)
        return job_asked(request_run(agreement, by=request.user))

    def _text(self, name: str) -> str:
        return self.request.query_params.get(name, "")[:200]

    def _one_of(self, name: str, known: Iterable[str]) -> str:
        given = self._text(name)
        if given and given not in known:
            words = f"It is none of the choices.{did_you_mean(given, known)} Choose one of: {', '.join(known)}."
            raise serializers.ValidationError({name: words}, "invalid_choice")
        return given

    def _target(self, agreement: Agreement) -> str:
        """The code of a target of some version of the agreement."""
        given = self._text("target")
        codes = (
            ServiceTarget.objects.filter(version__agreement=agreement).order_by("code").values_list("code", flat=True)
        )
        known = list(codes.distinct())
        if given and given not in known:
            near = did_you_mean(given, known)
            words = f"{agreement} has no target with the code {given!r}.{near} It has: {', '.join(known) or 'none'}."
            raise serializers.ValidationError({"target": words}, "unknown_servicetarget")
        return given

    def _band(self) -> int | None:
        given, known = self._text("band"), [str(number) for number in range(len(board.BANDS))]
        if given and given not in known:
            raise serializers.ValidationError({"band": f"Bands are {', '.join(known)}."})
        return int(given) if given else None

    def _day(self, name: str = "as_of"):
        given = self._text(name)
        try:
            day = parse_date(given) if given else None
        except ValueError:
            day = None
        if given and day is None:
            raise serializers.ValidationError({name: f"{given!r} is not a day. Write it as YYYY-MM-DD."})
        return day
