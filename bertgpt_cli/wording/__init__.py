"""What people type -> the tasks that they mean and the facts that they give. Pure; learns from the rule book alone."""
