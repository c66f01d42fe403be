"""An app of two security configurations, the safe one and a bare one, before the judges."""

from __future__ import annotations

import aws_cdk as cdk

import emrkit as emr
from emrkit import guardrails

KEY = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"

if __name__ == "__main__":
    app = cdk.App(builtin_cloud_formation_validation=False)
    for name, encryption in (("Safe", emr.Encryption.safe(KEY, "emr-7.12.0")), ("Bare", emr.Encryption())):
        emr.SecurityConfiguration(cdk.Stack(app, name), "Security", encryption=encryption)
    guardrails.apply(app)
    app.synth()
