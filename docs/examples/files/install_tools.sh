#!/bin/bash
# Runs as hadoop on every node before its applications start; a failure ends the cluster.
set -euo pipefail
sudo python3 -m pip install --quiet "$@"
