"""The job bundle: declare jobs in one file, then validate, plan, deploy, run, follow and destroy them on any target."""
