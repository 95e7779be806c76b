"""Forecasts that come with their back-test: candidates, rolling origins, accuracy, prediction intervals."""
