"""The bench and the studies' pages: whose rows are read, what is shown, kept and downloaded."""

from datetime import date

import pytest

from organization.models import Role as Member
from studies.models import Study
from tests.factories import KpiFactory, ResultFactory, UnitFactory, member

from .making import a_study

pytestmark = pytest.mark.django_db
ASK = "/analysis/new/?question=difference&dataset=tickets&value=met&group=priority"


@pytest.fixture
def as_member(client):
    def enter(role, unit, **user):
        person = member(role, unit, **user)
        client.force_login(person)
        return client

    return enter


def shares(answer) -> dict[str, list]:
    """Group -> [name, n, events, share ...] of the answer's table."""
    return {row[0]: row for row in answer.context["result"]["tables"][0]["rows"]}


def test_two_shares_of_all_rows_with_the_interval_first(desk, as_member):
    answer = as_member(Member.ANALYST, desk["group"]).get(ASK)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert shares(answer)["=high"][1:3] == [80, 30]  # 10 of 60 in the north, 20 of 20 in the south
    assert text.index("Effect</th>") < text.index("Why this one")
    assert "data-pm-save" in text
    assert "Keep as a study" in text


def test_a_viewer_of_the_north_gets_the_rows_of_the_north_and_cannot_keep_them(desk, as_member):
    answer = as_member(Member.VIEWER, desk["north"]).get(ASK)
    assert shares(answer)["=high"][1:3] == [60, 10]
    assert "Keep as a study" not in answer.content.decode()


def test_a_study_of_a_unit_reads_only_the_rows_below_it(desk, as_member):
    """Else whoever may see the unit would see numbers of others."""
    answer = as_member(Member.ANALYST, desk["group"]).get(f"{ASK}&unit=south")
    assert shares(answer)["=high"][1:3] == [20, 20]


def test_a_filter_and_chosen_members(desk, as_member):
    client = as_member(Member.ANALYST, desk["group"])
    answer = client.get(f"{ASK}&where_column=unit&where_value=north&members=low,%3Dhigh")
    assert shares(answer)["low"][1:3] == [60, 50]
    answer = client.get(f"{ASK}&where_column=unit&where_value=o'hara")
    assert "There are no rows" in answer.content.decode()
    answer = client.get(f"{ASK}&where_column=unit")
    assert "needs a column and its value" in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    ["?question=magic", "?question=difference&dataset=secret", "?question=difference&dataset=tickets&unit=other"],
)
def test_what_is_not_there_or_not_yours_is_a_404(desk, as_member, address):
    UnitFactory(code="other")
    assert as_member(Member.ANALYST, desk["group"]).get(f"/analysis/new/{address}").status_code == 404


def test_what_cannot_be_answered_is_said_beside_the_form(desk, as_member):
    client = as_member(Member.ANALYST, desk["group"])
    answer = client.get("/analysis/new/?question=interruption&dataset=tickets&value=hours&day=2030-01-01")
    assert answer.status_code == 200
    assert "at least 3 on either side" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("difference&value=priority&group=priority", "group", "priority stands under “What is compared” already."),
        ("influence&value=hours&drivers=met&drivers=hours", "drivers", "hours stands under “What is driven” already."),
    ],
)  # fmt: skip
def test_a_column_is_not_set_against_itself(desk, as_member, asked, field, said):
    page = as_member(Member.ANALYST, desk["group"]).get(f"/analysis/new/?dataset=tickets&question={asked}")
    assert page.context["form"].errors == {field: [f"{said} Choose another column."]}
    assert said in page.content.decode()


def test_every_question_can_be_chosen(desk, as_member):
    client = as_member(Member.ANALYST, desk["group"])
    assert client.get("/analysis/new/").content.decode().count("?question=") == 6
    for question in Study.Question.values:
        page = client.get(f"/analysis/new/?question={question}&dataset=tickets")
        assert page.status_code == 200
        assert "Answer" in page.content.decode()


def keep(client, **more):
    values = {"question": "difference", "dataset": "tickets", "unit": "group", "value": "met", "group": "priority"}
    return client.post("/analysis/save/", {**values, "title": "High or low?", "conclusion": "Low first.", **more})


def test_a_kept_answer_is_computed_again_on_the_server(desk, as_member):
    client = as_member(Member.ANALYST, desk["group"])
    assert keep(client).status_code == 302
    study = Study.objects.get()
    run = study.runs.get()
    assert (study.state, study.unit, study.dataset.code) == ("draft", desk["group"], "tickets")
    assert study.parameters == {"value": "met", "group": "priority", "confidence": 0.95}
    assert run.rows == 160
    assert run.data_version == study.dataset.current_version
    page = client.get(study.get_absolute_url()).content.decode()
    assert run.result["verdict"].split("(")[0] in page
    assert "Low first." in page


def test_nothing_is_kept_at_a_unit_where_one_may_not_define(desk, as_member):
    client = as_member(Member.VIEWER, desk["group"])
    assert keep(client).status_code == 403
    assert keep(as_member(Member.ANALYST, desk["north"]), unit="south").status_code == 404


def test_run_again_shows_both_results(desk, as_member):
    client = as_member(Member.ANALYST, desk["group"])
    keep(client)
    study = Study.objects.get()
    answer = client.post(f"/analysis/{study.pk}/again/", follow=True)
    text = answer.content.decode()
    assert study.runs.count() == 2
    assert "Run 1 and run 2" in text
    assert text.count(">same<") == len(answer.context["lines"])


def test_the_numbers_as_csv_with_risky_names_made_plain(desk, as_member):
    client = as_member(Member.ANALYST, desk["group"])
    text = b"".join(client.get(f"{ASK}&as=csv").streaming_content).decode()
    assert "'=high" in text
    assert "\n=high" not in text
    keep(client)
    again = client.get(f"/analysis/{Study.objects.get().pk}/runs/1.csv")
    assert b"".join(again.streaming_content).decode() == text
    assert client.get(f"/analysis/{Study.objects.get().pk}/runs/7.csv").status_code == 404


@pytest.fixture
def two_kpis(desk):
    """Two years of months: a share that steps up by 5 in 2024, and a number that moves with it."""
    met = KpiFactory(code="met_pct", name="Met", unit=desk["group"], unit_of_measure="percent")
    load = KpiFactory(code="load", name="Load", unit=desk["group"], unit_of_measure="number")
    for n in range(24):
        month = date(2023 + n // 12, n % 12 + 1, 1)
        value = 90 + 5 * (n >= 12) + (n * 7 % 5) / 10
        ResultFactory(kpi=met, month=month, value=value)
        ResultFactory(kpi=load, month=month, value=2 * value + (n * 11 % 3) / 10)
    return met, load


@pytest.mark.parametrize(
    ("question", "more", "method"),
    [
        ("stability", "", "Individuals (XmR) chart"),
        ("difference", "&day=2024-01-01", "Mann-Whitney"),
        ("influence", "&drivers=load", "Least squares line"),
        ("interruption", "&day=2024-01-01", "Interrupted time series, single"),
        ("interruption", "&day=2024-01-01&comparison=load", "Interrupted time series, comparison"),
        ("sample_size", "&difference=1", "Sample size and power"),
    ],
)
def test_the_series_of_a_kpi(desk, as_member, two_kpis, question, more, method):
    client = as_member(Member.ANALYST, desk["group"])
    answer = client.get(f"/analysis/new/?question={question}&kpi=met_pct&confidence=0.9&rules=nhs{more}")
    result = answer.context["result"]
    assert result["method"].startswith(method) or (question, result["method"]) == ("difference", "Welch t test")
    if question == "interruption" and "comparison" not in more:
        level = next(one for one in result["estimates"] if one["name"] == "change of level")
        assert level["value"] == pytest.approx(5, abs=0.3)


def test_a_vendors_contact_sees_no_study(as_member):
    vendor = UnitFactory(code="acme", kind="vendor")
    study = a_study(vendor)
    client = as_member(Member.VENDOR_CONTACT, vendor)
    assert study.title not in client.get("/analysis/").content.decode()
    assert client.get(study.get_absolute_url()).status_code == 404


def test_the_list_is_filtered_by_its_address(as_member):
    unit = UnitFactory(code="it")
    client = as_member(Member.ANALYST, unit, username="me")
    mine, other = a_study(unit, title="About cooling", state="in_review"), a_study(unit, title="About heating")
    for query, seen in (("state=in_review", mine), ("q=heat", other)):
        text = client.get(f"/analysis/?{query}").content.decode()
        assert seen.title in text
        assert (other if seen is mine else mine).title not in text
    assert "No study matches" in client.get("/analysis/?analyst=me").content.decode()


@pytest.mark.parametrize("studies", [1, 50])
def test_the_list_takes_the_same_queries_for_one_study_and_for_fifty(as_member, django_assert_max_num_queries, studies):
    unit = UnitFactory(code="it")
    client = as_member(Member.VIEWER, unit)
    for _ in range(studies):
        a_study(unit)
    client.get("/analysis/")
    with django_assert_max_num_queries(9):
        assert client.get("/analysis/").status_code == 200


@pytest.mark.parametrize("runs", [1, 50])
def test_a_study_takes_the_same_queries_for_one_run_and_for_fifty(as_member, django_assert_max_num_queries, runs):
    unit = UnitFactory(code="it")
    client, study = as_member(Member.VIEWER, unit), a_study(unit, runs=runs)
    with django_assert_max_num_queries(12):
        assert client.get(study.get_absolute_url()).status_code == 200
