"""The system call numbers of the two architectures that the filter knows, from the kernel's own tables.

Source: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. A dash means that the architecture lacks the call.
"""

NEWEST = 462
"""mseal(2), Linux 6.10: what is newer than this table is answered with ENOSYS, so that libc falls back."""

# name                      x86_64 aarch64
TABLE = """
mount                         165     40
umount2                       166     39
pivot_root                    155     41
chroot                        161     51
setns                         308    268
unshare                       272     97
open_tree                     428    428
move_mount                    429    429
fsopen                        430    430
fsconfig                      431    431
fsmount                       432    432
fspick                        433    433
mount_setattr                 442    442
swapon                        167    224
swapoff                       168    225
reboot                        169    142
sethostname                   170    161
setdomainname                 171    162
kexec_load                    246    104
kexec_file_load               320    294
init_module                   175    105
finit_module                  313    273
delete_module                 176    106
acct                          163     89
quotactl                      179     60
quotactl_fd                   443    443
bpf                           321    280
perf_event_open               298    241
userfaultfd                   323    282
fanotify_init                 300    262
fanotify_mark                 301    263
ptrace                        101    117
process_vm_readv              310    270
process_vm_writev             311    271
process_madvise               440    440
pidfd_getfd                   438    438
kcmp                          312    272
open_by_handle_at             304    265
name_to_handle_at             303    264
iopl                          172      -
ioperm                        173      -
modify_ldt                    154      -
vhangup                       153     58
syslog                        103    116
settimeofday                  164    170
clock_settime                 227    112
clock_adjtime                 305    266
adjtimex                      159    171
lookup_dcookie                212     18
nfsservctl                    180     42
uselib                        134      -
ustat                         136      -
sysfs                         139      -
_sysctl                       156      -
create_module                 174      -
get_kernel_syms               177      -
query_module                  178      -
vserver                       236      -
afs_syscall                   183      -
tuxcall                       184      -
security                      185      -
putpmsg                       182      -
getpmsg                       181      -
migrate_pages                 256    238
move_pages                    279    239
clone3                        435    435
io_uring_setup                425    425
io_uring_enter                426    426
io_uring_register             427    427
keyctl                        250    219
add_key                       248    217
request_key                   249    218
memfd_create                  319    279
memfd_secret                  447    447
shmget                         29    194
shmat                          30    196
shmctl                         31    195
shmdt                          67    197
msgget                         68    186
msgsnd                         69    189
msgrcv                         70    188
msgctl                         71    187
semget                         64    190
semop                          65    193
semctl                         66    191
semtimedop                    220    192
vmsplice                      278     75
splice                        275     76
tee                           276     77
sendfile                       40     71
io_setup                      206      0
io_destroy                    207      1
io_submit                     209      2
io_cancel                     210      3
io_getevents                  208      4
io_pgetevents                 333    292
mmap                            9    222
madvise                        28    233
fadvise64                     221    223
sync                          162     81
syncfs                        306    267
setxattr                      188      5
lsetxattr                     189      6
fsetxattr                     190      7
mbind                         237    235
set_mempolicy                 238    237
set_mempolicy_home_node       450    450
setsockopt                     54    208
getsockopt                     55    209
mq_open                       240    180
mq_unlink                     241    181
mq_timedsend                  242    182
mq_timedreceive               243    183
mq_notify                     244    184
mq_getsetattr                 245    185
landlock_create_ruleset       444    444
landlock_add_rule             445    445
landlock_restrict_self        446    446
seccomp                       317    277
personality                   135     92
clone                          56    220
ioctl                          16     29
fcntl                          72     25
socket                         41    198
socketpair                     53    199
prctl                         157    167
prlimit64                     302    261
setrlimit                     160    164
setpriority                   141    140
ioprio_set                    251     30
sched_setaffinity             203    122
sched_setscheduler            144    119
sched_setparam                142    118
sched_setattr                 314    274
statmount                     457    457
listmount                     458    458
lsm_get_self_attr             459    459
lsm_set_self_attr             460    460
lsm_list_modules              461    461
"""


def numbers(machine: str) -> dict[str, int]:
    """Return name -> number for `machine` ("x86_64" or "aarch64", as in os.uname().machine)."""
    column = {"x86_64": 1, "aarch64": 2}[machine]
    rows = (line.split() for line in TABLE.strip().splitlines())
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
