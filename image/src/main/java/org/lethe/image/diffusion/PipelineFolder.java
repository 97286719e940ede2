package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/** A folder of diffusers that is written again with other weights in some parts, and with every other file as it is. */
public final class PipelineFolder {
    private static final List<String> WEIGHTS =
            List.of(".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".onnx", ".onnx_data", ".pb", ".h5");

    private final Path folder;

    /** A folder, which is there. */
    public PipelineFolder(Path folder) {
        this.folder = folder;
    }

    /** Refuses a folder for a result that has something in it, or that lies within this one, before any work is done. */
    public void requireNew(Path to) throws IOException {
        if (whole(to).startsWith(whole(folder))) {
            throw refused(to, "lies within the folder of the model; expected one elsewhere");
        }
        if (!Files.exists(to, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isDirectory(to, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(to, "is a file; expected a new folder");
        }
        try (Stream<Path> there = Files.list(to)) {
            if (there.findAny().isPresent()) {
                throw refused(to, "is not empty; expected a new folder");
            }
        }
    }

    private static LetheException refused(Path to, String what) {
        return new LetheException(LetheException.Code.STUDY, "--to is " + to + ", which " + what);
    }

    private static Path whole(Path path) {
        return path.toAbsolutePath().normalize();
    }

    /**
     * Writes the folder with the weights that a model has now in some of its parts. It appears whole or not at all. Each tensor keeps the
     * name and the type that it has here; shards become one file. Other copies of the old weights are left out: variants and pickles of
     * those parts, whole checkpoints beside them, and hidden files.
     *
     * @param to not there yet, or empty
     * @return what was left out, relative to this folder
     */
    public List<Path> write(Path to, LatentDiffusion model, Set<Diffusion.Part> changed) throws IOException {
        requireNew(to);
        Path target = whole(to);
        Path parent = Optional.ofNullable(target.getParent()).orElseThrow();
        Path unfinished = parent.resolve("." + target.getFileName() + ".part");
        try {
            Files.createDirectories(parent);
            remove(unfinished); // what a killed process left
            Files.createDirectory(unfinished);
            List<Path> left = copied(unfinished, changed);
            for (Diffusion.Part part : changed) {
                weights(part, model.parameters(part), unfinished);
            }
            Files.deleteIfExists(target);
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            return left;
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, to + ": cannot be written: " + e.getMessage(), e);
        } finally {
            remove(unfinished);
        }
    }

    private static String name(Diffusion.Part part) {
        return switch (part) {
            case DENOISER -> "unet";
            case TEXT -> "text_encoder";
            case AUTOENCODER -> "vae";
        };
    }

    private List<Path> copied(Path target, Set<Diffusion.Part> changed) throws IOException {
        List<Path> left = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            Path inner = folder.relativize(file);
            if (replaced(inner, changed)) {
                left.add(inner);
                continue;
            }
            Path copy = target.resolve(inner);
            Files.createDirectories(Optional.ofNullable(copy.getParent()).orElseThrow());
            Files.copy(file, copy);
        }
        return left;
    }

    /** Whether a file has, or may have, weights of a part that changed. */
    private static boolean replaced(Path inner, Set<Diffusion.Part> changed) {
        for (Path step : inner) {
            if (step.toString().startsWith(".")) {
                return true;
            }
        }
        String last = inner.getFileName().toString();
        boolean weights = WEIGHTS.stream().anyMatch(last::endsWith) || last.endsWith(".index.json");
        boolean ofPart =
                changed.stream().anyMatch(part -> inner.getName(0).toString().equals(name(part)));
        return weights && (ofPart || inner.getNameCount() == 1);
    }

    private void weights(Diffusion.Part part, Parameters now, Path target) throws IOException {
        Path own = folder.resolve(name(part));
        String stem = part == Diffusion.Part.TEXT ? "model" : "diffusion_pytorch_model";
        boolean full = Files.exists(own.resolve(stem + ".safetensors"))
                || Files.exists(own.resolve(stem + ".safetensors.index.json"));
        String file = stem + (full ? "" : ".fp16") + ".safetensors";
        Function<String, Optional<String>> inner = part == Diffusion.Part.TEXT ? ClipText::inner : Optional::of;
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                ModelFiles old = ModelFiles.open(full ? own : own.resolve(file))) {
            Map<String, Safetensors.Tensor> saved = new LinkedHashMap<>();
            for (String name : old.names()) {
                Safetensors.Entry entry = old.file(name).require(name);
                Optional<String> known = inner.apply(name);
                saved.put(
                        name,
                        known.isEmpty()
                                ? new Safetensors.Tensor(
                                        entry.dtype(),
                                        entry.shape(),
                                        old.file(name).bytes(name))
                                : Tensors.saved(typed(now.tensor(known.get()), entry.dtype())));
            }
            Path into = target.resolve(name(part));
            Files.createDirectories(into);
            Safetensors.write(into.resolve(file), saved, Map.of("format", "pt"));
        }
    }

    private static Tensor typed(Tensor tensor, Safetensors.Dtype dtype) {
        return tensor.detach()
                .to(
                        switch (dtype) {
                            case F16 -> ScalarType.Half;
                            case BF16 -> ScalarType.BFloat16;
                            case F64 -> ScalarType.Double;
                            default -> ScalarType.Float;
                        });
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
