package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Device;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.torch.Devices;

/** Pictures of any size for detectors and networks of one size, a few at a time. */
final class Sized {
    private static final int BATCH = 16;

    private Sized() {}

    /** A picture brought to a size: means of areas along a side that shrinks, straight lines along one that grows. */
    static Bitmap to(Bitmap picture, int height, int width) {
        if (picture.height() == height && picture.width() == width) {
            return picture;
        }
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor x = picture.tensor().unsqueeze(0);
            long[] grown = {Math.max(height, picture.height()), Math.max(width, picture.width())};
            Tensor large = torch.upsample_bilinear2d(x, grown, false);
            return Sampler.bitmaps(torch.adaptive_avg_pool2d(large, height, width))
                    .getFirst();
        }
    }

    /** Pictures of one size, in order, some at a time as a tensor {@code [rows, 3, height, width]}; what is said about each. */
    static <T> List<T> each(
            List<Bitmap> pictures, int height, int width, Device device, Function<Tensor, List<T>> say) {
        List<T> all = new ArrayList<>();
        try (var _ = new NoGradGuard()) {
            for (int from = 0; from < pictures.size(); from += BATCH) {
                List<Bitmap> some = pictures.subList(from, Math.min(pictures.size(), from + BATCH)).stream()
                        .map(p -> to(p, height, width))
                        .toList();
                try (var _ = new PointerScope()) {
                    all.addAll(say.apply(Sampler.batch(some).to(Devices.of(device), torch.ScalarType.Float)));
                }
            }
        }
        return all;
    }
}
