package org.lethe.torch;

import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.LetheException;

/**
 * Where libtorch computes. Naming a device loads nothing; {@link #ready} does.
 *
 * <p>Arithmetic runs on the calling thread alone, so that the same seed gives the same bits however many threads there are:
 * sums of libtorch and OpenBLAS depend on how many threads share them. Parallelism is over cells, shards and blocks of
 * users, each of which calls from a thread of its own.
 */
public enum Device {
    /** The processor. */
    CPU,
    /** The first NVIDIA card; needs the build with {@code -Pcuda}, and its bits are its own. */
    CUDA;

    /**
     * Loads libtorch, the first time in about a second, and prepares the calling thread.
     *
     * @throws LetheException where this machine or this build has no such device
     */
    public void ready() {
        torch.set_num_threads(1);
        openblas_nolapack.blas_set_num_threads(1);
        if (this == CUDA && !torch.cuda_is_available()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "device is cuda, but libtorch finds none here: build with -Pcuda on a machine with an NVIDIA card,"
                            + " CUDA and cuDNN, or choose cpu");
        }
    }

    /** A tensor on this device: itself, or a copy where it is elsewhere. */
    public Tensor on(Tensor tensor) {
        return this == CUDA ? tensor.cuda() : tensor;
    }
}
