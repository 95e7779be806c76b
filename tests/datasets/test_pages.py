"""The pages of this room: every one opens, does what its button says, and costs the same however much there is."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import Dataset, QualityRule, Upload
from jobs import work
from jobs.models import Job
from lake.contract import Column, ColumnType, Contract, Role
from lake.store import StoreFull
from organization.models import Role as Member
from tests.factories import DatasetFactory, UnitFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
        Column("site", roles=(Role.DIMENSION,)),
    ),
    reject_limit_pct=60,
)
TEXT = "id,day,cost,site\n1,2025-01-01,10,<script>alert(1)</script>\n2,2025-01-02,20,south\n3,2025-02-03,5,south\n"


@pytest.fixture
def orders(home):
    return loaded_dataset(TEXT, CONTRACT, unit=home, code="orders")


def text_of(client, address, status=200, **data):
    answer = client.get(address, data)
    assert answer.status_code == status, answer.content[-2000:]
    return answer.content.decode()


def test_every_page_of_a_dataset_opens_and_shows_hostile_text_as_text(client, analyst, orders):  # B19
    upload = orders.uploads.get()
    code = orders.code
    for name in ("dataset", "dataset_contract", "dataset_quality", "dataset_history"):
        assert orders.name in text_of(client, reverse(name, args=[code]))
    assert orders.name in text_of(client, reverse("datasets"))
    assert "Take back" in text_of(client, upload.get_absolute_url())
    assert "Drop" in text_of(client, reverse("upload_new")) or "drop" in text_of(client, reverse("upload_new"))
    assert orders.name in text_of(client, reverse("explore"))
    page = text_of(client, reverse("explore"), dataset=code)
    assert "&lt;script&gt;alert" in page and "<script>alert" not in page
    page = text_of(client, reverse("explore"), dataset=code, group="site", total="sum", of="cost", chart="bar")
    assert "25.0" in page and "<script>alert" not in page
    page = text_of(client, reverse("explore"), dataset=code, total="count", where="site", value="south")
    assert ">1</span> row. Data version" in page and "Value2" not in page  # a second filter is offered, called the same
    assert "datasets.quality" in text_of(client, reverse("jobs"))


def test_a_dataset_leads_who_may_define_to_a_kpi_over_it(client, home, orders):
    link = f'href="{reverse("kpi_new")}?dataset=orders"'
    for role, leads in ((Member.ANALYST, True), (Member.VIEWER, False)):
        client.force_login(member(role, home))
        assert (link in text_of(client, reverse("dataset", args=["orders"]))) is leads


def test_a_load_without_room_is_parked_with_the_next_step_and_leads_to_its_upload(client, analyst, orders, monkeypatch):
    def full(*_, **__):
        raise StoreFull("The disk of table 0815 is full.")

    monkeypatch.setattr("lake.store.FactTable.commit", full)
    upload = upload_csv(orders, "id,day,cost,site\n9,2025-01-01,1,north\n", by=analyst, run=False)
    for _ in range(3):
        work.perform(upload.job_id)
    page = text_of(client, upload.get_absolute_url())
    assert "no room left on the disk for the rows of" in page and "make room, then try again" in page
    assert "0815" not in page
    jobs = text_of(client, reverse("jobs"), state="parked")
    assert upload.get_absolute_url() in jobs and "no room left on the disk" in jobs and "0815" not in jobs
    client.post(reverse("job_dismiss", args=[upload.job_id]))
    assert upload.get_absolute_url() not in text_of(client, reverse("jobs"), state="parked")
    assert client.post(reverse("job_dismiss", args=[upload.job_id])).status_code == 403


@pytest.mark.child_process
def test_the_sql_page_answers_and_refuses_beside_the_statement(client, analyst, orders):
    address = f"{reverse('sql')}?dataset=orders"
    assert "facts" in text_of(client, address)
    answer = client.post(address, {"sql": "select sum(cost) as total from facts"})
    assert b"35.0" in answer.content
    assert "over <code>facts</code>, also called <code>orders</code>" in answer.content.decode()
    answer = client.post(address, {"sql": "select * from read_csv('/etc/passwd')"})
    assert (answer.status_code, b"root:" in answer.content) == (422, False)


@pytest.mark.child_process
def test_a_statement_s_numbers_are_drawn_over_its_first_column(client, analyst, orders):
    address = f"{reverse('sql')}?dataset=orders"
    sql = "select day, site, cost, count(*) over () as n from facts order by day"
    chart = client.post(address, {"sql": sql, "chart": "bar"}).context["chart"]
    drawn = [(line["name"], line["y"]) for line in chart.figure["data"]]
    assert drawn == [("cost", [10, 20, 5]), ("n", [3, 3, 3])]  # site is no number
    without = client.post(address, {"sql": "select site from facts", "chart": "line"}).content.decode()
    assert "Nothing to draw" in without and "south" in without
    assert client.post(address, {"sql": sql}).context["chart"] is None


@pytest.mark.child_process
def test_the_csv_of_a_statement_has_more_rows_than_the_page_shows(client, analyst, home):
    rows = "".join(f"{n},2025-01-01,1,x\n" for n in range(600))
    loaded_dataset("id,day,cost,site\n" + rows, CONTRACT, unit=home, code="many")
    address, sql = f"{reverse('sql')}?dataset=many", "select id from facts order by id"
    page = client.post(address, {"sql": sql})
    assert (len(page.context["answer"].rows), "there are more" in page.content.decode()) == (500, True)
    taken = client.post(address, {"sql": sql, "as": "csv"})
    assert (taken.getvalue().count(b"\r\n"), 'filename="many-sql.csv"' in taken["Content-Disposition"]) == (601, True)


@pytest.mark.child_process
def test_an_extract_is_dropped_confirmed_loaded_and_taken_back(client, analyst, home):
    file = SimpleUploadedFile("plain_costs.csv", b"id;day;cost\n1;03/04/2025;1,5\n2;05/04/2025;2,5\n")
    answer = client.post(reverse("upload_new"), {"file": file})
    upload = Upload.objects.get()
    confirm = reverse("upload_confirm", args=[upload.public_id])
    assert answer["Location"] == confirm
    page = text_of(client, confirm)
    assert '<option value="DD/MM/YYYY">day/month/year</option>' in page  # day or month first is asked
    seen = client.get(confirm).context
    form = {"dialect": seen["dialect"], "timezone": "UTC", "reporting_timezone": "UTC", "reject_limit_pct": "5"}
    form |= {"on_duplicate": "refuse", "name": "Plain costs", "code": "plain-costs", "unit": home.pk, "covers": "day"}
    form |= {f"c-{name}": value for name, value in (("TOTAL_FORMS", 3), ("INITIAL_FORMS", 3))}
    for number, (name, kind) in enumerate((("id", "text"), ("day", "date"), ("cost", "number"))):
        form |= {f"c-{number}-name": name, f"c-{number}-header": name, f"c-{number}-type": kind}
    form |= {"c-0-roles": ["key"], "c-1-roles": ["event_time"], "c-1-must_choose": "on"}
    refused = client.post(confirm, form)
    assert (refused.status_code, b"the day or the month" in refused.content) == (422, True)
    refused = client.post(confirm, form | {"c-1-format": "DD/MM/YYYY HH:MM:SSS"})
    assert (refused.status_code, b"SSS is not understood. Seconds are SS;" in refused.content) == (422, True)
    refused = client.post(confirm, form | {"c-1-format": "as usual"})
    assert (refused.status_code, b"Write it as in DD/MM/YYYY" in refused.content) == (422, True)
    answer = client.post(confirm, form | {"c-1-format": "dd/mm/yyyy"})
    assert answer.status_code == 302, answer.content[-3000:]
    upload.refresh_from_db()
    perform(upload.job)
    dataset = Dataset.objects.get(code="plain-costs")
    assert (dataset.rows, str(dataset.complete_through)) == (2, "2025-04-05")
    client.post(reverse("upload_undo", args=[upload.public_id]), {"reason": "wrong file"})
    perform(Job.objects.filter(kind="datasets.undo").get())
    assert Dataset.objects.get(code="plain-costs").rows == 0


@pytest.mark.child_process
def test_a_file_left_half_way_is_found_again_and_its_times_are_those_of_its_unit(client, analyst, home):
    home.timezone = "Europe/Berlin"
    home.save()
    client.post(reverse("upload_new"), {"file": SimpleUploadedFile("reads.csv", b"id,at\n1,2025-01-31T23:30\n")})
    confirm = reverse("upload_confirm", args=[Upload.objects.get().public_id])
    assert f'href="{confirm}">reads.csv' in text_of(client, reverse("upload_new"))
    seen = client.get(confirm).context
    assert seen["form"].initial["timezone"] == ""  # as the unit, which is chosen on this page
    form = {"dialect": seen["dialect"], "timezone": "", "reporting_timezone": "", "reject_limit_pct": "5"}
    form |= {"on_duplicate": "refuse", "name": "Reads", "code": "reads", "unit": home.pk, "covers": "day"}
    form |= {"c-TOTAL_FORMS": 3, "c-INITIAL_FORMS": 2, "c-2-name": "open_for", "c-2-type": "number"}
    form |= {"c-0-name": "id", "c-0-header": "id", "c-0-type": "text", "c-0-roles": ["key"]}
    form |= {"c-1-name": "at", "c-1-header": "at", "c-1-type": "timestamp", "c-1-roles": ["event_time"]}
    refused = client.post(confirm, form | {"c-2-formula": "at - at"})
    assert "for hours write" in refused.context["columns"][2].errors["formula"][0]
    assert client.post(confirm, form | {"c-2-formula": "epoch(at) / 3600"}).status_code == 302
    contract = Dataset.objects.get().contract
    assert (contract["timezone"], contract["reporting_timezone"]) == ("Europe/Berlin", "Europe/Berlin")
    assert "Begun, not loaded yet" not in text_of(client, reverse("upload_new"))


def test_a_file_that_is_no_table_is_refused_on_the_page(client, analyst):
    answer = client.post(reverse("upload_new"), {"file": SimpleUploadedFile("x.csv", b"%PDF-1.4 x")})
    assert (answer.status_code, Upload.objects.count()) == (422, 0)
    assert b"not a table" in answer.content


def test_rejected_rows_are_corrected_in_their_place_and_replayed(client, analyst, orders):
    upload = upload_csv(orders, "id,day,cost,site\n7,2025-02-30,1,n\n8,2025-02-01,1,n\n", by=analyst)
    rejects = reverse("rejects", args=[upload.public_id])
    assert "2025-02-30" in text_of(client, rejects)
    cells = {"cell:id": "7", "cell:day": "2025-02-28", "cell:cost": "1", "cell:site": "n"}
    answer = client.post(reverse("reject_correct", args=[upload.public_id, 2]), cells, headers={"HX-Request": "true"})
    assert (answer.status_code, upload.rejects.get().state) == (200, "corrected")
    answer = client.post(reverse("reject_replay", args=[upload.public_id]))
    replay = Upload.objects.get(replays=upload)
    assert answer["Location"] == replay.get_absolute_url()
    perform(replay.job)
    assert upload.rejects.get().state == "replayed"
    assert client.get(f"{rejects}?as=xlsx").status_code == 200
    link = f'<a href="{replay.get_absolute_url()}">#{replay.pk}</a>'
    assert f"Its corrected rows were sent as {link}." in text_of(client, upload.get_absolute_url())
    client.post(reverse("upload_undo", args=[replay.public_id]), {"reason": "wrong day"})
    perform(Job.objects.filter(kind="datasets.undo").get())
    assert f"Its corrected rows were sent as {link} (taken back)." in text_of(client, upload.get_absolute_url())


def test_no_message_tells_a_state_that_passes_while_the_page_shows_the_next(client, analyst, orders):
    """What the load or the undo is doing stands in the upload's state, which is looked up anew each second."""
    upload = upload_csv(orders, "id,day,cost,site\n8,2025-02-01,1,n\n", by=analyst)
    Upload.objects.filter(pk=upload.pk).update(state=Upload.State.FAILED)
    for address in ("upload_load", "upload_undo"):
        client.post(reverse(address, args=[upload.public_id]), {"reason": "wrong file"})
        waiting = client.get(upload.get_absolute_url())
        assert list(waiting.context["messages"]) == [] and "Waiting for a worker" in waiting.content.decode()
        upload.refresh_from_db()
        perform(upload.job)


def test_rejected_rows_are_summed_up_by_their_reason(client, analyst, orders):
    lines = "7,2025-02-30,1,n\n8,2025-02-31,1,n\n9,2025-02-01,x,n\n10,2025-02-01,1,n\n11,2025-02-01,1,n\n"
    page = client.get(reverse("rejects", args=[upload_csv(orders, "id,day,cost,site\n" + lines, by=analyst).public_id]))
    kinds = [(kind["column"], kind["rows"], kind["values"]) for kind in page.context["reasons"]]
    assert kinds == [("day", 2, 2), ("cost", 1, 1)]
    assert "Such as day: &#x27;2025-02-30&#x27;" in page.content.decode()


def test_a_row_that_a_replay_rejects_again_is_corrected_where_it_came_from(client, analyst, orders):
    upload = upload_csv(orders, "id,day,cost,site\n7,2025-02-30,1,n\n8,2025-02-01,1,n\n", by=analyst)
    rejects = reverse("rejects", args=[upload.public_id])
    client.post(reverse("reject_correct", args=[upload.public_id, 2]), {"cell:day": "2025-02-31"})
    client.post(reverse("reject_replay", args=[upload.public_id]))
    replay = Upload.objects.get(replays=upload)
    perform(replay.job)
    page = client.get(replay.get_absolute_url()).content.decode()
    assert page.count(f'href="{rejects}"') == 2 and reverse("rejects", args=[replay.public_id]) not in page


def test_who_may_not_upload_sees_the_rejected_rows_and_nothing_to_press(client, analyst, orders, home):
    upload = upload_csv(orders, "id,day,cost,site\n7,2025-02-30,1,n\n8,2025-02-01,1,n\n", by=analyst)
    address = reverse("rejects", args=[upload.public_id])
    client.force_login(member(Member.FINANCE, home))
    page = client.get(address).content.decode()
    assert "2025-02-30" in page and "corrects it." in page
    assert "Keep the correction" not in page and "Load corrected rows" not in page
    Upload.objects.filter(pk=upload.pk).update(state="refused")
    assert reverse("upload_new") not in client.get(address).content.decode()
    client.force_login(analyst)
    assert f"{reverse('upload_new')}?dataset=orders" in client.get(address).content.decode()


def test_a_rule_is_made_fails_and_is_overridden_on_the_page(client, analyst, orders):
    address = reverse("dataset_quality", args=["orders"])
    rule = {
        "name": "cheap",
        "kind": "range",
        "column": "cost",
        "severity": "critical",
        "tolerance_pct": "0",
        "high": "9",
    }
    assert client.post(address, rule).status_code == 302
    perform(Job.objects.filter(kind="datasets.quality").latest("pk"))
    made = QualityRule.objects.get()
    if (loader := orders.uploads.get().uploaded_by) != analyst:
        client.force_login(loader)
    page = text_of(client, address)
    assert "You loaded these rows: a second person answers for them" in page and "Override" not in page
    client.force_login(member("analyst", orders.unit))
    assert "Override" in text_of(client, address)
    answer = {"reason": "Agreed with finance.", "version": made.results.first().version}
    client.post(reverse("rule_override", args=[made.pk]), answer)
    assert "Agreed with finance." in text_of(client, address)
    assert client.post(address, rule | {"name": "odd", "column": "site"}).status_code == 422


def test_a_contract_is_changed_after_seeing_what_that_affects(client, analyst, orders):
    address = reverse("dataset_contract", args=["orders"])
    seen = client.get(address).context
    form = {f"c-{name}": value for name, value in (("TOTAL_FORMS", 4), ("INITIAL_FORMS", 4))}
    for row in seen["columns"]:
        form |= {f"{row.prefix}-{name}": value for name, value in row.initial.items() if value not in (False, None)}
    form |= dict(seen["form"].initial) | {"reject_limit_pct": "20"}
    shown = client.post(address, form | {"show": ""})
    assert b"reject_limit_pct" in shown.content
    assert Dataset.objects.get(code="orders").contract_number == 1
    assert client.post(address, form | {"save": ""}).status_code == 302
    changed = Dataset.objects.get(code="orders")
    assert (changed.contract_number, changed.contract["reject_limit_pct"]) == (2, 20)
    assert changed.contract["columns"][1]["roles"] == ["event_time"]


def test_pages_of_another_unit_are_not_there(client, orders):
    client.force_login(member(Member.ANALYST, UnitFactory()))
    upload = orders.uploads.get()
    for address in (
        orders.get_absolute_url(),
        upload.get_absolute_url(),
        reverse("rejects", args=[upload.public_id]),
        reverse("dataset_quality", args=["orders"]),
        f"{reverse('explore')}?dataset=orders",
        f"{reverse('sql')}?dataset=orders",
    ):
        assert client.get(address).status_code == 404
    assert client.post(reverse("upload_undo", args=[upload.public_id])).status_code == 404


def test_a_viewer_may_look_but_not_change(client, orders, home):
    client.force_login(member(Member.VIEWER, home))
    assert client.get(orders.get_absolute_url()).status_code == 200
    assert client.post(reverse("dataset_quality", args=["orders"]), {"name": "x"}).status_code == 403
    assert client.get(reverse("upload_new")).status_code == 403
    assert client.get(reverse("sql")).status_code == 403
    contract = text_of(client, reverse("dataset_contract", args=["orders"]))
    assert "<fieldset disabled>" in contract and "new, calculated" not in contract


def test_lists_cost_the_same_number_of_queries_with_1_and_with_50_rows(client, analyst, home):
    from django.db import connection

    def cost(address):
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    first = DatasetFactory(unit=home)
    Upload.objects.create(dataset=first, file_name="a", path="a", sha256="0" * 64, size=1, uploaded_by=analyst)
    Job.objects.create(kind="datasets.load", key="first", asked_by=analyst)
    addresses = [reverse("datasets"), first.get_absolute_url(), reverse("jobs")]
    one = [cost(address) for address in addresses]
    for number in range(50):
        DatasetFactory(unit=home)
        job = Job.objects.create(kind="datasets.load", key=f"k{number}", asked_by=analyst)
        Upload.objects.create(
            dataset=first, file_name="a", path=f"a{number}", sha256="0" * 64, size=1, uploaded_by=analyst, job=job
        )  # fmt: skip
    assert [cost(address) for address in addresses] == one
