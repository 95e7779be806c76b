"""Pages of KPIs: permission, form, one call, one template."""
