"""The core of local EMR: clusters and steps that live by EMR's rules, over plain data.

`control_plane.ControlPlane` is the door. Behind it: `shapes` (the API's request grammar) and `operations` (who answers
what); `launch`, `clusters`, `steps`, `fleets`, `policies`, `security_configurations`, `catalogue` (the operations);
`driver`, `running`, `bootstrap` (the threads that make time pass); `state`, `records`, `store` (memory and disk);
`recovery` and `processes` (life after a crash); `inventory` (the instances that nobody launched); `announcements` and
`logs` (what the outside sees). `ports` is all that the core asks of a host and of the engines.

Where AWS does not say what happens, the core has chosen:

- A step that ran when local EMR died is FAILED with the reason `LOCAL_EMR_STOPPED`, and its ActionOnFailure holds.
- A running step that is cancelled is CANCEL_PENDING until its process has ended, however that ends.
- Steps that run when their cluster is terminated are interrupted, killed after a grace, and CANCELLED.
- Logs are written before a step's end can be seen; logs that cannot be written are a note, never a failure.
- A cluster that its auto-termination policy ends has the reason code ALL_STEPS_COMPLETED.
- Managed scaling keeps core and task capacity within the policy's limits and models nothing of the reaction to load.
- Kerberos, TLS, encryption and IAM are recorded, and each step's controller log says "accepted, not enforced".
  Passwords are dropped at the door.
"""
