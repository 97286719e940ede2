package org.lethe.image.attack;

import java.util.List;
import org.lethe.Env;
import org.lethe.image.Bitmap;

/** Attacks that change pictures: purification against obfuscation, and removal of watermarks. */
public interface PictureAttack {
    /** The changed pictures, in order and of the same size. The attacker has tools, but neither keys nor originals. */
    List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env);

    /** Whether it reads the models among the tools. */
    default boolean readsModel() {
        return false;
    }
}
