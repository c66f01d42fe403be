"""The host adapter: HTTP routing, CloudFormation types, Step Functions, storage, faults."""
