package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;

/** Watermarks that are put into pictures which are there already: each marked picture has its unmarked twin. */
public interface PostHoc extends Watermark {
    /**
     * A new key.
     *
     * @param lessons pictures that networks of the watermark may learn from; others than those that are marked
     */
    Mark key(Diffusion model, List<Bitmap> lessons, int height, int width, Env env);

    /** The marked pictures, in order, of the same size and on 8-bit levels. */
    List<Bitmap> mark(Diffusion model, Mark mark, List<Bitmap> pictures, Env env);

    @Override
    default ImageModel fulfil(
            ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
        List<Work> chosen = chosen(data, ((MarkPictures) request).pictures(), env);
        List<Bitmap> lessons =
                data.known(Work.Part.TRAINING).stream().map(Work::picture).toList();
        try (var _ = new PointerScope()) {
            Diffusion open = model.open(env.device());
            Mark key = key(open, lessons, data.height(), data.width(), env);
            List<Bitmap> marked =
                    mark(open, key, chosen.stream().map(Work::picture).toList(), env);
            List<Work> shown = new ArrayList<>();
            for (int n = 0; n < chosen.size(); n++) {
                shown.add(chosen.get(n).with(marked.get(n)));
            }
            return model.with(new ImageModel.Published(chosen, shown, true, Optional.of(key)));
        }
    }

    /** Works that no model learns from: of the test part, then of the validation part. */
    static List<Work> chosen(Gallery data, int count, Env env) {
        List<Work> works = Stream.of(Work.Part.TEST, Work.Part.VALIDATION)
                .flatMap(part -> Gallery.some(data.known(part), count, env.random("marked works of " + part)).stream())
                .limit(count)
                .toList();
        Check.require(
                works.size() == count,
                "pictures",
                count,
                "at most " + works.size() + ", the works of " + data.name() + " that no model learns from");
        return works;
    }
}
