package org.lethe.image.protect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;

/**
 * A model from a file, in the current scope.
 *
 * @param model what computes
 * @param guard of its sampler
 */
record OpenModel(Diffusion model, Guard guard) {
    /** Opens a folder of Stable Diffusion, or a file saved by Lethe. */
    static OpenModel at(Path path, Device device) throws IOException {
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
        return new OpenModel(kept.open(device), kept.guard());
    }
}
