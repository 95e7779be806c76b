"""What /metrics counts, asked from the database at each scrape."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Max
from prometheus_client.core import GaugeMetricFamily


class PerfmgrCollector:
    def __init__(self, now: datetime):
        self.now = now

    def describe(self) -> list:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from datasets.models import Dataset, Upload
        from jobs.models import Job
        from kpis.models import Run

        yield _by_state("perfmgr_jobs", "Jobs by state", Job)
        yield _by_state("perfmgr_uploads", "Uploads by state", Upload)
        rows = GaugeMetricFamily("perfmgr_dataset_rows", "Rows in the current version", labels=["dataset"])
        for code, count in Dataset.objects.values_list("code", "rows"):
            rows.add_metric([code], count)
        yield rows
        last = Run.objects.filter(state=Run.State.DONE).aggregate(last=Max("finished_at"))["last"]
        if last:
            yield GaugeMetricFamily(
                "perfmgr_seconds_since_recompute",
                "Since the last run that ended well",
                (self.now - last).total_seconds(),
            )


def _by_state(name: str, text: str, model) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in model.objects.values_list("state").annotate(count=Count("pk")):
        family.add_metric([state], count)
    return family
