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
  containers:
    - name: plugcli
      securityContext:
        # The strictest settings ("restricted") are kept: the sandbox needs none of these.
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
        # Gives away: the files of /proc that the engine hides (keys, timers, memory) are visible, to the pod's user. Without it the kernel
        # lets nobody mount a /proc for a new namespace. It needs hostUsers: false.
        procMount: Unmasked
"""
