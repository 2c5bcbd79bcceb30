"""`doctor --kubernetes`: what a pod needs for the sandbox's first level, and what each line gives away."""

SECURITY_CONTEXT = """\
# What a pod needs so that plugcli's sandbox has namespaces of its own. Merge it into the pod's spec.
# First put the seccomp profile on each node, below the kubelet's folder:
#   plugcli doctor --seccomp default.json > /var/lib/kubelet/seccomp/plugcli.json
# Never needed: privileged: true, SYS_ADMIN or any other capability, hostPID, hostNetwork.
spec:
  # Gives nothing away, it takes: root in the pod is nobody on the node. Kubernetes 1.33, or the feature gate UserNamespacesSupport.
  hostUsers: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    # Gives away: processes of the pod may make user namespaces, and mounts in them, so more of the kernel can be reached.
    seccompProfile:
      type: Localhost
      localhostProfile: plugcli.json
    # On nodes with AppArmor alone: `plugcli doctor --apparmor` prints this profile and says what it gives away; load it on each node.
    # appArmorProfile:
    #   type: Localhost
    #   localhostProfile: plugcli-container
  volumes:
    - name: tmp
      emptyDir: {}
  containers:
    - name: plugcli
      # The root is read-only. Nothing is written here while the sandbox has namespaces.
      volumeMounts:
        - name: tmp
          mountPath: /tmp
      securityContext:
        # The strictest settings ("restricted") are kept: the sandbox needs none of these.
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
        # Not needed, and it gives away the files of /proc that the engine covers (keys, timers, memory): with it each jail has a /proc of
        # its own, without it one that shows less. It needs hostUsers: false.
        # procMount: Unmasked
"""
