"""What the API views of this room share: refusals as problem details, and rights at a dataset's unit."""

from __future__ import annotations

from rest_framework.exceptions import ValidationError

from datasets.facts import NoSuchVersion
from datasets.models import Dataset
from datasets.refusals import Refusal
from datasets.scope import wholly_seen
from doors.nearest import MOST, did_you_mean
from doors.problems import Problem
from doors.viewsets import ScopedViewSet


class DatasetsViewSet(ScopedViewSet):
    """Every expected refusal of the verbs becomes a problem that names file, row, column, value and next step."""

    def handle_exception(self, exc):
        return super().handle_exception(as_problem(exc))

    def checked(self, serializer_class, **options):
        """The request's body as `serializer_class` takes it. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context(), **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def dataset_of(self, code: str) -> Dataset:
        """The dataset that the field `dataset` names, if the caller sees it; a foreign one reads like none.

        Raises Problem 404 with the field and the nearest codes that the caller sees.
        """
        seen = Dataset.objects.visible_to(self.request.access)
        found = seen.filter(code=code).first()
        if found is None:
            words = f"There is no dataset with the code {code[:80]!r} that you see."
            words += did_you_mean(code[:80], seen.values_list("code", flat=True)[:MOST])
            fault = {"field": "dataset", "code": "unknown_dataset", "message": words}
            raise Problem(404, "unknown_dataset", words, errors=[fault])
        return found

    def number(self, name: str, default: int | None, least: int = 0, most: int = 10**9) -> int | None:
        """The whole number that the address gives for `name`. Raises ValidationError."""
        given = self.request.query_params.get(name)
        if given is None:
            return default
        if not (given.isascii() and given.isdigit() and len(given) < 12 and least <= int(given) <= most):
            raise ValidationError({name: f"Write a whole number from {least} to {most}."})
        return int(given)


def as_problem(fault: Exception) -> Exception:
    """The expected refusals of this room and of the lake below it; anything else stays what it is."""
    from lake.contract import ContractError
    from lake.intake import IntakeError
    from lake.store import StoreError, UnknownVersion

    match fault:
        case Refusal():
            words = fault.to_dict()
            return Problem(fault.status, words.pop("code"), words.pop("message"), **words)
        case IntakeError():
            words = {name: value for name, value in fault.to_dict().items() if value not in ("", None)}
            status = 413 if fault.code in ("file_too_large", "unpacks_too_large") else 422
            return Problem(status, words.pop("code"), words.pop("message"), **words)
        case ContractError():
            where = f"contract.columns.{fault.column}" if fault.column else "contract"
            return ValidationError({where: fault.message})
        case NoSuchVersion() | UnknownVersion():
            return Problem(404, "no_such_version", str(fault))
        case StoreError():
            return Problem(409, "lake_refuses", str(fault))
    return fault


def whole_datasets(serializer) -> frozenset[int]:
    """Ids of the datasets whose rows the caller may see all, found once for a list."""
    context = serializer.context
    if "whole" not in context:
        context["whole"] = wholly_seen(context["request"].access)
    return context["whole"]
