"""The pages of this room, thin: permission, form, one call, one template."""
