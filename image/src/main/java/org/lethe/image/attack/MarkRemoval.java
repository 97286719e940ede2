package org.lethe.image.attack;

import java.util.List;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.DoNothing;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.protect.Detectors;
import org.lethe.image.protect.MarkPictures;
import org.lethe.image.protect.Watermark;

/** Attacks that change pictures until a watermark is no longer found. */
public interface MarkRemoval extends PictureAttack, Audit<Gallery, ImageModel> {
    /** How the detector is tried and judged. */
    Removal removal();

    /** What the attack says of published pictures besides. */
    default List<Finding> more(ImageModel.Published published, Tools tools) {
        return List.of();
    }

    @Override
    default Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    default Optional<String> unsuited(Request request, Method<Gallery, ImageModel> method) {
        String name = Named.Of.name(this);
        if (!(request instanceof MarkPictures)) {
            return Optional.of(name + " removes what mark-pictures puts into pictures, not what "
                    + Named.Of.name(request) + " changes");
        }
        return method instanceof Watermark || method instanceof DoNothing<?, ?>
                ? Optional.empty()
                : Optional.of(name + " attacks methods that mark pictures, not " + Named.Of.name(method));
    }

    @Override
    default List<Finding> examine(Case<Gallery, ImageModel> c, Env env) {
        return new RemovalTrial(this, c, env, Detectors::of).findings();
    }

    @Override
    default List<Picture> pictures(Case<Gallery, ImageModel> c, Env env) {
        return new RemovalTrial(this, c, env, Detectors::of).strips();
    }

    @Override
    default String limits() {
        return "A pass says that one attack at one strength failed: a stronger one may remove the mark, and the picture with it.";
    }
}
