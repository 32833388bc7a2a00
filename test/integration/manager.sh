# The first process in namespaces of its own: makes a machine of this one's files, on which nothing
# that is written stays, and becomes its service manager.  See managers.py.
#
#   manager.sh user|system TREE BINARY
set -eu
kind=$1 tree=$2 binary=$3

mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for folder in etc usr var tmp; do
    mkdir -p "/run/written/$folder/upper" "/run/written/$folder/work"
    layers="lowerdir=/$folder,upperdir=/run/written/$folder/upper"
    mount -t overlay overlay -o "$layers,workdir=/run/written/$folder/work" "/$folder"
done
mkdir -p /run/units /run/lock /run/systemd/system /run/user/0 /run/home /etc/uvoy
chmod 700 /run/user/0
install -m 755 "$binary" /usr/bin/uvoy
systemd-sysusers "$tree/etc/systemd/uvoy.sysusers"
install -m 644 "$tree/etc/systemd/uvoy.service" /run/units
for target in sysinit basic shutdown sockets network-online nss-lookup; do
    printf '[Unit]\nDefaultDependencies=no\n' >"/run/units/$target.target"
done

export SYSTEMD_UNIT_PATH=/run/units SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info
if [ "$kind" = user ]; then
    export XDG_RUNTIME_DIR=/run/user/0 HOME=/run/home
    # What stands for paths that a unit may not see; the system's manager makes it, where one runs.
    mkdir -m 755 /run/systemd/inaccessible
    cd /run/systemd/inaccessible
    mkdir -m 000 dir
    install -m 000 /dev/null reg
    mknod -m 000 chr c 0 0
    mknod -m 000 blk b 0 0
    mkfifo -m 000 fifo
    cd /
    # It has one user, and its socket where that user's files are.
    sed -i -e '/^User=/d' -e '/^Group=/d' -e '/^ProtectHome=/d' /run/units/uvoy.service
    # It never is the first process.
    setsid /lib/systemd/systemd --user --unit=basic.target &
    wait
else
    # The machine's own settings are not those of a container.
    mount --bind /proc/sys /proc/sys
    mount -o remount,ro,bind /proc/sys
    container=test exec /lib/systemd/systemd --system --unit=basic.target
fi
