# What stands for a Pi's hardware in the virtual machine; sourced by its jobs.
modprobe -q configfs && mount -t configfs configfs /sys/kernel/config
modprobe -q gpio-sim
ip link set lo up 2>/dev/null

# 54 lines under the name of the Pi's own chip; gpiozero finds the board by its revision.
pi=/sys/kernel/config/gpio-sim/pi
mkdir -p $pi/bank0
echo 54 >$pi/bank0/num_lines
echo pinctrl-bcm2835 >$pi/bank0/label
echo 1 >$pi/live
{ cat /proc/cpuinfo; printf 'Revision\t: c03115\n'; } >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
PINS=$(dirname "$(find /sys/devices/platform -path '*gpio-sim*' -name sim_gpio0 | head -1)")
export PINS

# The camera plays the pictures that the host drew; picamera2 asks for the Pi's own heap of memory.
cp "$SHARE/virtual_pi/virtual.yaml" /usr/share/libcamera/pipeline/virtual/virtual.yaml
[ ! -d "$SHARE/frames" ] || cp "$SHARE"/frames/* /opt/frames/
[ -e /dev/dma_heap/linux,cma ] || ln -s system /dev/dma_heap/linux,cma
export PYTHONPATH=$SHARE/virtual_pi:$SHARE/project LIBCAMERA_LOG_LEVELS=*:ERROR
