"""The faces of a value object: CloudFormation properties, API requests, Step Functions tasks."""
