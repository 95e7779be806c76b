"""KPIs, targets, scorecards and strategy of the demo, by the verbs that the designer's pages use."""


def define(definition, dataset, users, today):
    pass


def define_strategy(definition, users, today):
    pass
