package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Device;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Parameters;

/** A checkpoint of Stable Diffusion in one file, with the names of its first publication (Rombach et al. 2022). */
public final class SingleFile {
    private static final String UNET = "model.diffusion_model.";
    private static final String VAE = "first_stage_model.";
    private static final String TEXT = "cond_stage_model.transformer.";

    private final Path file;

    /** A file; it is opened for each part. */
    public SingleFile(Path file) {
        this.file = file;
    }

    /** The denoiser. */
    public UNet unet(UNet.Config config, Device device, ScalarType type) throws IOException {
        UNet made = new UNet(config, device, type);
        load(made.layers().parameters().all(), unetNames(config), UNET);
        return made;
    }

    /** The autoencoder, whose attention has convolutions of one pixel in place of matrices. */
    public AutoencoderKl autoencoder(AutoencoderKl.Config config, Device device, ScalarType type) throws IOException {
        AutoencoderKl made = new AutoencoderKl(config, device, type);
        Map<String, Tensor> views = new LinkedHashMap<>();
        made.layers()
                .parameters()
                .all()
                .forEach((name, tensor) -> views.put(
                        name,
                        name.contains(".attentions.") && tensor.dim() == 2
                                ? tensor.view(tensor.size(0), tensor.size(1), 1, 1) // the same memory
                                : tensor));
        load(views, autoencoderNames(config), VAE);
        return made;
    }

    /** The text encoder of Stable Diffusion 1. */
    public ClipText text(ClipText.Config config, Device device, ScalarType type) throws IOException {
        ClipText made = new ClipText(config, device, type);
        Parameters parameters = made.layers().parameters();
        try (ModelFiles files = ModelFiles.open(file)) {
            files.load(
                    parameters,
                    name -> name.startsWith(TEXT) ? ClipText.inner(name.substring(TEXT.length())) : Optional.empty());
        }
        return made;
    }

    private void load(Map<String, Tensor> tensors, Map<String, String> names, String prefix) throws IOException {
        Map<String, String> inner = new HashMap<>();
        names.forEach((here, there) -> inner.put(there, here));
        try (ModelFiles files = ModelFiles.open(file)) {
            files.load(
                    Parameters.of(tensors),
                    name -> name.startsWith(prefix)
                            ? Optional.of(Optional.ofNullable(inner.get(name)).orElse(name))
                            : Optional.empty());
        }
    }

    /** From the names of a denoiser's tensors in a folder to those in one file. */
    public static Map<String, String> unetNames(UNet.Config config) {
        int blocks = config.blocks();
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : UNet.shapes(config).keySet()) {
            String[] parts = name.split("\\.");
            String stem = switch (parts[0]) {
                case "conv_in" -> "input_blocks.0.0." + parts[1];
                case "conv_norm_out" -> "out.0." + parts[1];
                case "conv_out" -> "out.2." + parts[1];
                case "time_embedding" -> "time_embed." + (parts[1].equals("linear_1") ? 0 : 2) + "." + parts[2];
                case "add_embedding" -> "label_emb.0." + (parts[1].equals("linear_1") ? 0 : 2) + "." + parts[2];
                case "mid_block" -> {
                    int place = parts[1].equals("attentions") ? 1 : 2 * Integer.parseInt(parts[2]);
                    yield "middle_block." + place + "." + inside(name, parts, 3);
                }
                case "down_blocks" -> {
                    int first = 1 + Integer.parseInt(parts[1]) * (blocks + 1);
                    yield parts[2].equals("downsamplers")
                            ? "input_blocks." + (first + blocks) + ".0.op." + parts[5]
                            : "input_blocks." + (first + Integer.parseInt(parts[3])) + "."
                                    + (parts[2].equals("attentions") ? 1 : 0) + "." + inside(name, parts, 4);
                }
                default -> { // up_blocks
                    int level = Integer.parseInt(parts[1]);
                    int first = level * (blocks + 1);
                    boolean mixed = config.up().get(level) != UNet.Mixing.NONE;
                    yield parts[2].equals("upsamplers")
                            ? "output_blocks." + (first + blocks) + "." + (mixed ? 2 : 1) + ".conv." + parts[5]
                            : "output_blocks." + (first + Integer.parseInt(parts[3])) + "."
                                    + (parts[2].equals("attentions") ? 1 : 0) + "." + inside(name, parts, 4);
                }
            };
            names.put(name, UNET + stem);
        }
        return names;
    }

    /** Names inside residual blocks differ, those inside transformers do not. */
    private static String inside(String name, String[] parts, int from) {
        String rest = String.join(".", Arrays.copyOfRange(parts, from, parts.length));
        if (name.contains(".attentions.")) {
            return rest;
        }
        String end = parts[from + 1];
        return switch (parts[from]) {
            case "norm1" -> "in_layers.0." + end;
            case "conv1" -> "in_layers.2." + end;
            case "time_emb_proj" -> "emb_layers.1." + end;
            case "norm2" -> "out_layers.0." + end;
            case "conv2" -> "out_layers.3." + end;
            default -> "skip_connection." + end;
        };
    }

    /** From the names of an autoencoder's tensors in a folder to those in one file. */
    public static Map<String, String> autoencoderNames(AutoencoderKl.Config config) {
        int levels = config.widths().size();
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : AutoencoderKl.shapes(config).keySet()) {
            String other = name.replace(".conv_norm_out.", ".norm_out.")
                    .replace(".mid_block.attentions.0.", ".mid.attn_1.")
                    .replace(".mid_block.resnets.0.", ".mid.block_1.")
                    .replace(".mid_block.resnets.1.", ".mid.block_2.")
                    .replace(".group_norm.", ".norm.")
                    .replace(".to_q.", ".q.")
                    .replace(".to_k.", ".k.")
                    .replace(".to_v.", ".v.")
                    .replace(".to_out.0.", ".proj_out.")
                    .replace(".downsamplers.0.", ".downsample.")
                    .replace(".upsamplers.0.", ".upsample.")
                    .replace(".resnets.", ".block.")
                    .replace(".conv_shortcut.", ".nin_shortcut.")
                    .replace(".down_blocks.", ".down.");
            for (int b = 0; b < levels; b++) {
                other = other.replace(".up_blocks." + b + ".", ".up." + (levels - 1 - b) + ".");
            }
            names.put(name, VAE + other);
        }
        return names;
    }
}
