package org.lethe.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;

/**
 * A model from a file, in the current scope.
 *
 * @param model what computes
 * @param guard of its sampler
 */
public record OpenModel(Diffusion model, Guard guard) {
    /** Opens a folder of Stable Diffusion, or a file saved by Lethe. Weights that are not finite are refused. */
    public static OpenModel at(Path path, Device device) throws IOException {
        OpenModel opened = opened(path, device);
        if (opened.model instanceof LatentDiffusion latent) {
            requireFinite(path, latent);
        }
        return opened;
    }

    private static OpenModel opened(Path path, Device device) throws IOException {
        if (Files.isDirectory(path)) {
            return new OpenModel(LatentDiffusion.load(path, device), new Guard.None());
        }
        if (!Files.isRegularFile(path)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "--model is " + path
                            + ", which is not there; expected a folder of Stable Diffusion or a file saved by Lethe");
        }
        ImageModel kept = ImageModel.load(path);
        try {
            return new OpenModel(kept.open(device), kept.guard());
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, path + ": " + e.getMessage(), e);
        }
    }

    /** Without this, every picture would come out broken, and none would say that the weights are. */
    private static void requireFinite(Path path, LatentDiffusion model) {
        for (Diffusion.Part part : Diffusion.Part.values()) {
            for (Map.Entry<String, Tensor> weight : model.parameters(part).all().entrySet()) {
                try (var _ = new PointerScope();
                        var _ = new NoGradGuard()) {
                    // max is NaN where one number is
                    double largest = weight.getValue().abs().max().item_double();
                    if (!Double.isFinite(largest)) {
                        throw new LetheException(
                                LetheException.Code.DATA,
                                path + ": the tensor \"" + weight.getKey() + "\" has the value " + largest
                                        + ", expected finite weights");
                    }
                }
            }
        }
    }
}
