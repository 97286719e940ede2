package org.lethe.torch;

import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.lethe.Device;
import org.lethe.LetheException;

/**
 * The devices of libtorch on this machine.
 *
 * <p>Arithmetic runs on the calling thread alone, because sums of libtorch and OpenBLAS depend on the number of threads
 * that share them. The same seed therefore gives the same bits on any machine size. Parallelism is over cells, shards
 * and blocks of users, each of which calls from a thread of its own.
 */
public final class Devices {
    private Devices() {}

    /**
     * Loads libtorch, the first time in about a second, and prepares the calling thread.
     *
     * @throws LetheException where this machine or this build has no such device
     */
    public static void ready(Device device) {
        torch.set_num_threads(1);
        openblas_nolapack.blas_set_num_threads(1);
        if (device.kind() == Device.Kind.CUDA) {
            int cards = torch.cuda_is_available() ? (int) torch.cuda_device_count() : 0;
            if (cards == 0) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "device is " + device
                                + ", but libtorch finds no card here: build with -Pcuda on a machine with an"
                                + " NVIDIA card, CUDA and cuDNN, or choose cpu");
            }
            if (device.index() >= cards) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "device is " + device + ", expected one of cpu, cuda:0"
                                + (cards == 1 ? "" : " to cuda:" + (cards - 1)) + ", which are here");
            }
        }
    }

    /** The device as libtorch takes it. */
    public static org.bytedeco.pytorch.Device of(Device device) {
        return switch (device.kind()) {
            case CPU -> new org.bytedeco.pytorch.Device(DeviceType.CPU);
            case CUDA -> new org.bytedeco.pytorch.Device(DeviceType.CUDA, (byte) device.index());
        };
    }

    /** A tensor on a device: itself, or a copy where it is elsewhere. */
    public static Tensor on(Tensor tensor, Device device) {
        return device.kind() == Device.Kind.CPU && tensor.is_cpu()
                ? tensor
                : tensor.to(of(device), tensor.scalar_type());
    }
}
