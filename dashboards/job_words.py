"""What background jobs do, in the words of the people who wait for them; `jobs.Job.kind` is the name in the code."""

WORDS = {
    "alerts.evaluate": "Check alert rules",
    "alerts.mail": "Send a notification",
    "datasets.compact": "Tidy up a dataset",
    "datasets.load": "Load an extract",
    "datasets.quality": "Check data quality",
    "datasets.undo": "Take an upload back",
    "kpis.forecasts": "Forecast KPIs",
    "kpis.recompute": "Compute KPIs",
    "kpis.signals": "Draw control charts",
    "kpis.webhook": "Call a webhook",
    "slas.budget": "Measure an error budget",
    "slas.clocks": "Time the cases of an agreement",
    "slas.periods": "Judge the periods of an agreement",
}


def words_of(kind: str) -> str:
    return WORDS.get(kind) or kind.replace("_", " ").replace(".", ": ")
