"""The register of alert rules, and writing one with its back-test beside it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts import rules as verbs
from alerts.backtest import backtest
from alerts.forms_rules import RuleForm, initial_of
from alerts.models import AlertRule
from alerts.selectors import rules_of
from alerts.words import Words, recipients_in_words
from doors.pages import page, paged, require, show_faults, visible
from kpis.requests import as_of_day
from kpis.selectors.readings import versions_on
from organization.access import DEFINE, VIEW

from .frame import tabs

RULES = AlertRule.objects.select_related("kpi__unit", "unit", "owner").prefetch_related("people")


@page(VIEW)
@require_GET
def alert_rules(request):
    listed = paged(request, rules_of(request.access))
    context = {
        "heading": "Alert rules",
        "tabs": tabs("alert_rules"),
        "page": listed,
        "rows": [(rule, recipients_in_words(rule)) for rule in listed],
        "may_define": request.access.anywhere(DEFINE),
        "defines": request.access.units(DEFINE),
    }
    return render(request, "alerts/rules.html", context)


@page(DEFINE)
@require_http_methods(["GET", "POST"])
def alert_rule_new(request):
    options = {"access": request.access, "day": request.day}
    if request.method == "POST":
        form = RuleForm(request.POST, **options)
        if rule := form.is_valid() and _kept(request, form):
            messages.success(request, f"{rule} is in force. It looks at the newest numbers now.")
            return redirect(rule)
    else:
        given = {name: request.GET[name][:80] for name in ("kpi", "unit", "condition") if name in request.GET}
        form = RuleForm(initial={**given, "people": [request.user.username]}, **options)
    return _form_page(request, form, heading="New alert rule", back=reverse("alert_rules"))


@page(VIEW)
@require_http_methods(["GET", "POST"])
def alert_rule(request, pk: int):
    """A rule as it stands, with its back-test; who may define at its unit changes it here."""
    rule = visible(RULES, request, pk=pk)
    if not request.access.allows(DEFINE, rule.unit_id):
        require(request, VIEW if request.method == "GET" else DEFINE, rule.unit_id)
        return _reading(request, rule)
    options = {"access": request.access, "day": request.day, "rule": rule}
    if request.method == "POST":
        form = RuleForm(request.POST, **options)
        if form.is_valid() and _kept(request, form, rule):
            messages.success(request, f"{rule} was changed.")
            return redirect(rule)
    else:
        form = RuleForm(initial=initial_of(rule), **options)
    return _form_page(request, form, heading=rule.name, back=reverse("alert_rules"), rule=rule)


def _kept(request, form: RuleForm, rule: AlertRule | None = None) -> AlertRule | None:
    """The rule that was made or changed, or None with the refusal beside the fields."""
    require(request, DEFINE, form.cleaned_data["unit"])
    words = {"by": request.user, "now": timezone.now(), "people": form.cleaned_data["people"], **form.values()}
    try:
        if rule is None:
            return verbs.define_rule(kpi=form.cleaned_data["kpi"], **words)
        return verbs.change_rule(rule, **words)
    except ValidationError as fault:
        show_faults(form, fault)
    return None


def _form_page(request, form: RuleForm, **context) -> HttpResponse:
    context |= {"form": form, "breadcrumb": [("Alerts", reverse("alerts")), ("Rules", reverse("alert_rules"))]}
    return render(request, "alerts/rule.html", context, status=422 if request.method == "POST" else 200)


def _reading(request, rule: AlertRule) -> HttpResponse:
    words = Words(rule, versions_on([rule.kpi_id], request.day).get(rule.kpi_id), request.day)
    context = {
        "heading": rule.name,
        "breadcrumb": [("Alerts", reverse("alerts")), ("Rules", reverse("alert_rules"))],
        "rule": rule,
        "words": words.rule_in_words(),
        "told": recipients_in_words(rule),
    }
    return render(request, "alerts/rule_reading.html", context)


@page(DEFINE)
@require_POST
def alert_rule_form(request):
    """The fields that the chosen KPI and condition need (htmx)."""
    form = RuleForm(request.POST, access=request.access, day=request.day, rule=_editing(request))
    # Only what was chosen is kept, without complaints about what is not yet written.
    fresh = RuleForm(access=request.access, day=request.day, rule=form.rule, initial=_typed(form))
    return render(request, "alerts/_rule_parts.html", {"form": fresh})


def _typed(form: RuleForm) -> dict:
    """What stands in the form, as initial values; what its KPI does not offer is left out."""
    many = {"statuses", "signal_kinds", "roles", "people"}
    given = {
        name: form.data.getlist(name) if name in many else form.data[name] for name in form.fields if name in form.data
    }
    if form.version and given.get("grain") not in [value for value, _ in form.fields["grain"].choices]:
        given["grain"] = form.version.grain
    return given


@page(DEFINE)
@require_POST
def alert_rule_preview(request):
    """On which stored periods the rule that is being written would have fired (htmx)."""
    rule = _editing(request)
    written = request.POST.copy()
    written["name"] = written.get("name") or "a rule without a name yet"
    form = RuleForm(written, access=request.access, day=request.day, rule=rule)
    kpi, unit = form.kpi, form.is_valid() and form.cleaned_data["unit"]
    context: dict = {"form": form, "kpi": kpi}
    if kpi and form.is_valid():
        try:
            draft = verbs.draft_of(kpi, form.values(), owner=request.user, day=request.day)
            context |= {"tested": backtest(draft, day=as_of_day(), now=timezone.now()), "unit": unit}
        except ValidationError as fault:
            show_faults(form, fault)
    context["faults"] = [(form.fields[name].label or name, text) for name, texts in form.errors.items()
                         if name in form.fields for text in texts]  # fmt: skip
    return render(request, "alerts/_preview.html", context)


def _editing(request) -> AlertRule | None:
    given = request.POST.get("editing", "")
    if not (given.isascii() and given.isdigit() and len(given) < 12):
        return None
    return visible(RULES, request, pk=int(given))


@page(DEFINE)
@require_POST
def alert_rule_switch(request, pk: int):
    """Off, or on again."""
    rule = visible(RULES, request, pk=pk)
    require(request, DEFINE, rule.unit_id)
    switched = verbs.switch(rule, on=request.POST.get("on") == "1", by=request.user, now=timezone.now())
    messages.success(request, f"{rule} is {'on' if switched.is_active else 'off'}.")
    return redirect("alert_rules")
