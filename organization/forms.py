"""What the pages of this room ask for. A choice of units offers only those where the person may do it."""

from datetime import date

from django import forms

from doors.codes import NewCode, taken
from doors.days import DayField
from lake.instants import Clock

from .fields import UnitField
from .models import (
    ApiToken,
    BusinessCalendar,
    FiscalCalendar,
    Role,
    Unit,
    UnitAlias,
    User,
)
from .tokens import DEFAULT_DAYS, LONGEST_DAYS
from .zones import zone_names

MONTHS = [(number, date(2000, number, 1).strftime("%B")) for number in range(1, 13)]
OWN_CLOCK = "By its clock pages show when something was done, and quiet hours hold. Data have a clock of their own."
WEEKDAYS = [(number, date(2024, 1, 1 + number).strftime("%A")) for number in range(7)]  # a week that starts on Monday


class ZoneField(forms.ChoiceField):
    """A time zone of the list, or none: `empty` says what holds then."""

    def __init__(self, *, empty: str, label: str = "Time zone", **options):
        choices = lambda: [("", empty), *((name, name) for name in zone_names())]  # noqa: E731
        super().__init__(choices=choices, required=False, label=label, **options)

    def keep(self, name: str) -> None:
        """Offer `name` as well: a zone that stands somewhere may be one that is no longer offered."""
        offered = list(self.choices)
        if name not in dict(offered):
            self.choices = [*offered, (name, name)]


class UnitForm(forms.ModelForm):
    timezone = ZoneField(empty="As the unit above")

    class Meta:
        model = Unit
        fields = ("name", "kind", "timezone", "business_calendar", "fiscal_calendar")


class NewUnitForm(NewCode, UnitForm):
    coded = Unit
    parent = UnitField(required=False, empty_label="At the top")
    from_day = DayField(required=False, help_text="Empty: as long as its parent.")

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.access = access
        self.fields["parent"].queryset = _administered(access)
        self.fields["parent"].required = not access.everywhere("administer")

    class Meta(UnitForm.Meta):
        fields = ("code", *UnitForm.Meta.fields)


class MoveForm(forms.Form):
    parent = UnitField(required=False, empty_label="At the top", label="New parent")
    from_day = DayField(
        help_text="The days before keep their tree. A day before its first lets it begin earlier, "
        "under its first parent."
    )

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.fields["parent"].queryset = _administered(access)
        self.fields["parent"].required = not access.everywhere("administer")


class CloseForm(forms.Form):
    from_day = DayField(help_text="The first day on which the unit is no longer there. Its past stays.")


class AliasForm(forms.ModelForm):
    class Meta:
        model = UnitAlias
        fields = ("system", "code")

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.access = access

    def clean(self):
        given = super().clean()
        same = UnitAlias.objects.filter(system=given.get("system"), code=given.get("code")).select_related("unit")
        if alias := same.first():
            owner = alias.unit if self.access.allows("view", alias.unit_id) else None
            self.add_error("code", taken(str(alias), Unit, owner))
        return given


class ImportForm(forms.Form):
    """A file to look at; or, to take it over, the one that was looked at (`checked`, see views/units_import.py)."""

    file = forms.FileField(
        help_text="CSV with the columns code, name and as needed kind, parent, timezone, alias:SYSTEM. "
        f"The kind is {', '.join(Unit.Kind.values[:-1])} or {Unit.Kind.values[-1]}; the parent is a code."
    )
    from_day = DayField(
        required=False,
        help_text="From when new places hold; units that begin later begin on it. Empty: a new unit is there as long "
        "as its parent, and a move holds from the day you look from.",
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["file"].required = not self.data.get("checked")


class MemberForm(forms.Form):
    user = forms.ModelChoiceField(User.objects.none())
    unit = UnitField()
    role = forms.ChoiceField(choices=Role.choices)
    from_day = DayField()
    until = DayField(required=False, help_text="The first day without the role; empty: until ended.")

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.fields["user"].queryset = User.objects.visible_to(access).order_by("username")
        self.fields["unit"].queryset = _administered(access)


class EndForm(forms.Form):
    on = DayField(label="From", help_text="The first day without the role.")


class RoleForm(EndForm):
    role = forms.ChoiceField(choices=Role.choices)


class NewUserForm(forms.Form):
    username = forms.CharField(max_length=150)
    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(required=False)
    password = forms.CharField(widget=forms.PasswordInput, help_text="At least 12 characters; they can change it.")


class MemberFilter(forms.Form):
    q = forms.CharField(
        required=False, max_length=100, label="Person", widget=forms.SearchInput(attrs={"placeholder": "Log-in name"})
    )
    role = forms.ChoiceField(required=False, choices=[("", "Any role"), *Role.choices])
    unit = UnitField(required=False, empty_label="Any unit")

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.fields["unit"].queryset = _administered(access)

    def apply_to(self, members):
        """The members that fit; all while the filter itself has a fault."""
        if not self.is_valid():
            return members
        wanted = self.cleaned_data
        if wanted["q"]:
            members = members.filter(user__username__icontains=wanted["q"])
        if wanted["role"]:
            members = members.filter(role=wanted["role"])
        return members.filter(unit=wanted["unit"]) if wanted["unit"] else members


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "timezone", "theme")

    def __init__(self, *args, at_work: Clock, **options):
        """at_work: the person's clock while they choose none."""
        super().__init__(*args, **options)
        zone = ZoneField(empty=f"As my unit: {at_work.zone}", help_text=OWN_CLOCK)
        zone.keep(self.instance.timezone)
        self.fields["timezone"] = zone


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What it is for.")
    scopes = forms.MultipleChoiceField(choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple)
    unit = UnitField(required=False, empty_label="All my units")
    days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, initial=DEFAULT_DAYS, label="Days it works")

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.fields["unit"].queryset = Unit.objects.visible_to(access)


class CalendarForm(NewCode, forms.ModelForm):
    coded = BusinessCalendar

    class Meta:
        model = BusinessCalendar
        fields = ("code", "name")

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.access = access


class FiscalForm(NewCode, forms.ModelForm):
    coded = FiscalCalendar
    start_month = forms.TypedChoiceField(
        coerce=int, choices=MONTHS, initial=1, label="Starts in", help_text="First month of the fiscal year."
    )
    week_starts_on = forms.TypedChoiceField(coerce=int, choices=WEEKDAYS, initial=0, label="Weeks start on")

    class Meta:
        model = FiscalCalendar
        fields = ("code", "name", "kind", "start_month", "week_starts_on", "anchor")
        labels = {"anchor": "Year ends on"}
        help_texts = {"anchor": "Of a year made of weeks; it decides which years have 53."}

    def __init__(self, *args, access, **options):
        super().__init__(*args, **options)
        self.access = access


class VersionForm(forms.Form):
    """The week as lines of text: quick to write, quick to read."""

    valid_from = DayField()
    timezone = ZoneField(empty="Choose one")
    country = forms.CharField(
        required=False, max_length=8, help_text="ISO code, such as FR: its public holidays are closed days."
    )
    subdivision = forms.CharField(required=False, max_length=12, help_text="Part of the country, such as BY.")
    week = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="A line each, such as Mon-Fri 09:00-12:00, 13:00-17:00. Sat 22:00-06:00 is a night into Sunday.",
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["timezone"].required = True

    def clean(self):
        """Country and part are known in capitals; what is wrong with them stands beside them."""
        from .business_calendars import CalendarRefused, check_country

        given = super().clean()
        country, part = (given.get(name, "").strip().upper() for name in ("country", "subdivision"))
        for name, asked in (("country", (country,)), ("subdivision", (country, part))):
            try:
                check_country(*asked)
            except CalendarRefused as fault:
                self.add_error(name, str(fault))
                return given
        return given | {"country": country, "subdivision": part}

    def clean_week(self):
        from .week_text import WeekFault, read_week

        try:
            return read_week(self.cleaned_data["week"])
        except WeekFault as fault:
            raise forms.ValidationError(str(fault)) from None


class CalendarDayForm(forms.Form):
    """A day that differs from its weekday."""

    day = DayField()
    name = forms.CharField(required=False, max_length=200, help_text="Such as Stocktaking.")
    windows = forms.CharField(
        required=False, label="Open", help_text="Such as 09:00-12:00, 13:00-15:00; empty: closed all day."
    )

    def clean_windows(self):
        from .week_text import WeekFault, read_day

        try:
            return read_day(self.cleaned_data["windows"])
        except WeekFault as fault:
            raise forms.ValidationError(str(fault)) from None


class IcsForm(forms.Form):
    file = forms.FileField(label="iCalendar file", help_text="Each all-day event closes its days.")


class WeekForm(forms.Form):
    week = DayField(required=False, label="Week of")


class AuditFilter(forms.Form):
    q = forms.CharField(
        required=False,
        max_length=100,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Thing or person"}),
    )
    action = forms.CharField(required=False, max_length=80)
    since = DayField(required=False)
    until = DayField(required=False)

    def apply_to(self, entries, clock: Clock):
        """The entries that fit, days by `clock`; all while the filter itself has a fault."""
        if not self.is_valid():
            return entries
        wanted = self.cleaned_data
        if wanted["q"]:
            entries = entries.filter(object_name__icontains=wanted["q"]) | entries.filter(
                actor_name__icontains=wanted["q"]
            )
        if wanted["action"]:
            entries = entries.filter(action__icontains=wanted["action"])
        if wanted["since"]:
            entries = entries.filter(at__gte=clock.start_of(wanted["since"]))
        return entries.filter(at__lt=clock.end_of(wanted["until"])) if wanted["until"] else entries


def _administered(access):
    return Unit.objects.filter(pk__in=access.units("administer"))
