package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Device;
import org.lethe.image.ImageModel;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.model.LatentWeights;
import org.lethe.torch.Initial;

/** A small latent diffusion model with random weights, whose decoder can learn. */
final class TierOne {
    private TierOne() {}

    /** A model that knows the words of the gallery of tier 0. */
    static ImageModel model() {
        List<String> words = new ArrayList<>(List.of("a", "thing", "in", "the", "style", "of", "flat", "round"));
        for (int n = 0; n < 10; n++) {
            words.add(String.valueOf(n));
        }
        LatentWeights shape = Small.shape(8, 1, words, 12);
        try (var _ = new PointerScope()) {
            LatentDiffusion model = Small.drawn(
                    shape.open(Device.CPU),
                    name -> Initial.constant(name.contains("norm") && name.endsWith("weight") ? 1 : 0));
            return ImageModel.of(shape.of(model));
        }
    }
}
