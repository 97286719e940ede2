package org.lethe.torch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.LetheException;
import org.lethe.Safetensors;

/**
 * Everything a training needs to go on, in one safetensors file: tensors by name, and a few words. A crash while it is written
 * leaves the one before.
 */
final class Checkpoint {
    private final Path file;

    Checkpoint(Path file) {
        this.file = file;
    }

    boolean exists() {
        return Files.exists(file);
    }

    /** Writes tensors and words in place of the checkpoint before. */
    void write(Map<String, Tensor> tensors, Map<String, String> words) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, file.getFileName() + ".*.part")) {
            for (Path part : left) { // a killed process could not remove it
                Files.delete(part);
            }
        }
        try (var _ = new PointerScope()) {
            Map<String, Safetensors.Tensor> saved = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> saved.put(name, Tensors.saved(tensor)));
            Safetensors.write(file, saved, words);
        }
    }

    /**
     * Copies the tensors back in place; returns the words.
     *
     * @param tensors that must be in the file, each of the same type and shape, and no others
     * @param same words that must be in the file as they are here
     */
    Map<String, String> read(Map<String, Tensor> tensors, Map<String, String> same) throws IOException {
        try (Safetensors opened = Safetensors.open(file)) {
            new TreeMap<>(same).forEach((key, expected) -> {
                String found = opened.metadata().getOrDefault(key, "absent");
                if (!found.equals(expected)) {
                    throw wrong(key + " is " + found + ", expected " + expected
                            + ": the checkpoint is of another training; remove it to start anew");
                }
            });
            tensors.forEach((name, tensor) -> {
                Safetensors.Entry entry = opened.entries().get(name);
                if (entry == null) {
                    throw wrong("has no tensor \"" + name + "\""
                            + Parameters.nearest(name, opened.entries().keySet()));
                }
                opened.require(name, tensor.shape());
                Safetensors.Dtype own = Tensors.dtype(tensor.scalar_type().intern());
                if (entry.dtype() != own || entry.shape().size() != tensor.dim()) {
                    throw wrong("tensor \"" + name + "\" is " + entry.dtype() + " " + entry.shape() + ", expected "
                            + own + " " + Arrays.toString(tensor.shape()));
                }
            });
            for (String name : opened.entries().keySet()) {
                if (!tensors.containsKey(name)) {
                    throw wrong("has tensor \"" + name + "\", which this training has not"
                            + Parameters.nearest(name, tensors.keySet()));
                }
            }
            tensors.forEach((name, tensor) -> {
                try (var _ = new PointerScope()) {
                    Parameters.set(name, tensor, Tensors.of(opened, name));
                }
            });
            return opened.metadata();
        }
    }

    /** The exception for what a checkpoint says that cannot be. */
    LetheException wrong(String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
