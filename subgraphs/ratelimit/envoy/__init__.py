"""Envoy's rate-limit protocol (envoy.service.ratelimit.v3): its rules, over gRPC, and as JSON over HTTP."""
