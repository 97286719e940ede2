package org.lethe.video.model;

import java.io.IOException;
import java.nio.file.Path;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.video.VideoModel;

/** Reads video models from files. */
public final class VideoModels {
    private VideoModels() {}

    /** The model of a file, whichever kind its header names. */
    public static VideoModel load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            String kind = String.valueOf(read.metadata().get("architecture"));
            return switch (kind) {
                case Generator.ARCHITECTURE -> Generator.load(read, file);
                case WarpModel.ARCHITECTURE -> WarpModel.load(read, file);
                default ->
                    throw new LetheException(
                            LetheException.Code.DATA,
                            file + ": architecture is " + kind + ", expected " + Generator.ARCHITECTURE + " or "
                                    + WarpModel.ARCHITECTURE);
            };
        }
    }
}
