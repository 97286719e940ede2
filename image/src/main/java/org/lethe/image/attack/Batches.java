package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Device;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

/** Pictures changed some at a time on a device, in a scope for each batch. */
final class Batches {
    private static final int SIZE = 16;

    private Batches() {}

    /** What becomes of a batch. */
    interface Change {
        /**
         * The changed batch.
         *
         * @param pictures within 0 and 1, {@code [rows, 3, height, width]}
         * @param first place of its first picture among all
         */
        Tensor of(Tensor pictures, int first);
    }

    static List<Bitmap> each(List<Bitmap> pictures, Device device, Change change) {
        List<Bitmap> changed = new ArrayList<>();
        for (int from = 0; from < pictures.size(); from += SIZE) {
            try (var _ = new PointerScope()) {
                Tensor batch = Sampler.batch(pictures.subList(from, Math.min(pictures.size(), from + SIZE)))
                        .to(Devices.of(device), ScalarType.Float);
                changed.addAll(Sampler.bitmaps(change.of(batch, from)));
            }
        }
        return changed;
    }

    /** Standard normal draws in the shape of a batch, each row by a key of its place among all. */
    static Tensor noise(Keyed key, int first, Tensor like) {
        long[] shape = like.shape();
        shape[0] = 1;
        Tensor[] rows = new Tensor[(int) like.size(0)];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = Sampler.normal(key.of(first + n), shape);
        }
        return torch.cat(new TensorVector(rows), 0).to(like.device(), like.scalar_type());
    }
}
