package org.lethe.torch;

import org.bytedeco.pytorch.Tensor;
import org.lethe.LetheException;

/** The setting {@code device} of a model: the processor or the first card. Naming one loads nothing; {@link #ready} does. */
public enum Device {
    /** The processor. */
    CPU,
    /** The first NVIDIA card; needs the build with {@code -Pcuda}, and its bits are its own. */
    CUDA;

    private org.lethe.Device device() {
        return this == CPU ? org.lethe.Device.CPU : new org.lethe.Device(org.lethe.Device.Kind.CUDA, 0);
    }

    /**
     * Prepares the calling thread, as {@link Devices#ready} does.
     *
     * @throws LetheException where this machine or this build has no such device
     */
    public void ready() {
        Devices.ready(device());
    }

    /** A tensor on this device: itself, or a copy where it is elsewhere. */
    public Tensor on(Tensor tensor) {
        return Devices.on(tensor, device());
    }
}
